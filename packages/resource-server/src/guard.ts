import type { Answer } from "./answer.ts";
import { type AuthInfo, authInfoOf } from "./auth-info.ts";
import { readBearer } from "./bearer.ts";
import * as challenge from "./challenge.ts";
import { corsHeaders, preflightAnswer } from "./cors.ts";
import { CredentialRefusedError } from "./introspection.ts";
import { createIssuerCopy } from "./issuer-copy.ts";
import { type ProtectionOptions, readOptions } from "./options.ts";
import { createResourceMetadata } from "./resource-metadata.ts";
import { createVerification } from "./verification.ts";

/** What the guard wants to know of a request. Any HTTP framework has it. */
export interface GuardRequest {
  readonly method: string;
  /** As it came: path and query, or absolute. */
  readonly url: string;
  /** Every `Authorization` header of the request. */
  readonly authorization: readonly string[];
  /**
   * Reads the body, given for a form only; `undefined` when it is too large. Called only if the header
   * brought a token.
   */
  readonly form?: () => Promise<URLSearchParams | undefined>;
}

/** What becomes of a request. */
export type Verdict =
  /** Let it pass. */
  | { readonly ok: true; readonly auth: AuthInfo }
  /** Do not: send this instead. */
  | { readonly ok: false; readonly answer: Answer };

/** Judges requests to one resource: what every adapter of this package is made of. */
export interface Guard {
  /** Judges one request. Never rejects: what cannot be checked is refused (503). */
  check(request: GuardRequest): Promise<Verdict>;
  /**
   * For an operation that needs more than `requiredScopes`: the 403 to send (step-up), or `undefined` when
   * the scope does. Whoever was not let pass before, and so has no `auth`, has no scope.
   */
  demand(auth: Pick<AuthInfo, "scopes"> | undefined, scopes: readonly string[]): Answer | undefined;
}

/**
 * The protection of one resource, free of any framework.
 *
 * @param options of the resource; only `issuer`, `resource` and `credential` are needed
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { createGuard } from "@mcp-gatehouse/resource-server";
 *
 * const guard = createGuard({
 *   issuer: "https://login.example.com",
 *   resource: "https://notes.example.com/mcp",
 *   credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 * });
 * const verdict = await guard.check({ method: "POST", url: "/mcp", authorization: [] });
 * console.log(verdict.ok ? verdict.auth.extra.subject : verdict.answer.status); // 401: it brought no token
 * ```
 */
export function createGuard(options: ProtectionOptions): Guard {
  const protection = readOptions(options);
  const { requiredScopes } = protection;
  const metadata = createResourceMetadata(protection);
  const issuerCopy = protection.authorizationServerMetadata ? createIssuerCopy(protection) : undefined;
  const verify = createVerification(protection);
  const context = { metadataUrl: metadata.url, scopes: requiredScopes };

  function demand(auth: Pick<AuthInfo, "scopes"> | undefined, scopes: readonly string[]): Answer | undefined {
    const needed = [...new Set([...requiredScopes, ...scopes])];
    if (auth !== undefined && needed.every((scope) => auth.scopes.includes(scope))) return undefined;
    return withCors(challenge.insufficientScope({ ...context, scopes: needed })); // U05
  }

  async function check(request: GuardRequest): Promise<Verdict> {
    const { path, query } = splitUrl(request.url);
    if (request.method === "OPTIONS") return refuse(preflightAnswer);
    if (metadata.isAt(path)) return refuse(metadata.answer(request.method));
    const copy = await issuerCopy?.answer(path, request.method);
    if (copy !== undefined) return refuse(copy);

    const bearer = readBearer(request.authorization);
    if (bearer.kind === "none") return refuse(challenge.tokenNeeded(context)); // U02; a token elsewhere does not count (U07)
    if (bearer.kind === "several" || query.has("access_token")) return refuse(challenge.twoTokens(context));
    if (request.form !== undefined) {
      const form = await request.form();
      if (form === undefined) return refuse(challenge.formTooLarge());
      if (form.has("access_token")) return refuse(challenge.twoTokens(context));
    }
    if (bearer.kind === "malformed") {
      return refuse(challenge.invalidToken(context, "The access token is malformed.")); // U03
    }
    const check = await verify(bearer.token);
    if (!check.good) return refuse(challenge.invalidToken(context, check.reason));
    const auth = authInfoOf(bearer.token, check.facts, protection);
    const tooLittle = demand(auth, []);
    return tooLittle === undefined ? { ok: true, auth } : refuse(tooLittle);
  }

  return {
    demand,
    check: (request) =>
      check(request).catch((error: unknown) => {
        protection.onFailure(error instanceof Error ? error : new Error(String(error)));
        // U09: fail closed
        return refuse(
          error instanceof CredentialRefusedError
            ? challenge.setUpWrongly(error.reference)
            : challenge.cannotCheck(),
        );
      }),
  };
}

function refuse(answer: Answer): Verdict {
  return { ok: false, answer: withCors(answer) };
}

function withCors(answer: Answer): Answer {
  return { ...answer, headers: { ...corsHeaders, ...answer.headers } };
}

function splitUrl(url: string): { path: string; query: URLSearchParams } {
  const [target = ""] = url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "").split("#");
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark)) };
}
