import type { Protection } from "./options.ts";
import { canonicalResource } from "./resource-identifier.ts";
import { withImplied } from "./scope-hierarchy.ts";

/** What is known of a good token. */
export interface TokenFacts {
  readonly clientId: string;
  /** The person: stable, opaque, the same for every client. */
  readonly subject: string | undefined;
  /** The person's e-mail address, which may change. */
  readonly username: string | undefined;
  /** Their name, where this resource is told of it. */
  readonly name: string | undefined;
  /** Their groups, where this resource is told of them and they are known. */
  readonly groups: readonly string[] | undefined;
  /** What was granted, with all that it implies. */
  readonly scopes: readonly string[];
  /** Seconds since 1970. */
  readonly expiresAt: number;
}

export type TokenCheck =
  | { readonly good: true; readonly facts: TokenFacts }
  | {
      readonly good: false;
      /** Why not, in a sentence for the client's developer. */
      readonly reason: string;
      /** The other resource that it was issued for, where that is why. */
      readonly issuedFor?: string | undefined;
    };

/**
 * Judges an introspection answer. `active` alone does not do: audience, expiry and kind are looked at here
 * too (U04, U09).
 */
export function checkAnswer(
  answer: Readonly<Record<string, unknown>>,
  { issuer, resource, implies }: Protection,
  now: number,
): TokenCheck {
  if (answer.active !== true) return bad("The access token is unknown, expired or revoked.");
  if (!isAudience(answer.aud, resource))
    return { ...bad("The access token was not issued for this resource."), issuedFor: textOf(answer.aud) };
  if (answer.iss !== undefined && answer.iss !== issuer)
    return bad("The access token is from another issuer.");
  // A token bound to a key is worth nothing without the proof, which a Bearer header does not carry.
  if (answer.cnf !== undefined || !isBearer(answer.token_type))
    return bad("The access token is no bearer token.");
  if (typeof answer.exp !== "number" || answer.exp <= now) return bad("The access token has expired.");
  const granted =
    typeof answer.scope === "string" ? answer.scope.split(" ").filter((word) => word !== "") : [];
  const facts = {
    clientId: textOf(answer.client_id) ?? "",
    subject: textOf(answer.sub),
    username: textOf(answer.username),
    name: textOf(answer.name),
    groups: textsOf(answer.groups),
    scopes: withImplied(granted, implies),
    expiresAt: answer.exp,
  };
  return { good: true, facts };
}

/** Whether `aud`, a string or a list of them (RFC 7662 §2.2), names this very resource (U-n1). */
function isAudience(aud: unknown, resource: string): boolean {
  const wanted = canonicalResource(resource);
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  return (
    wanted !== undefined &&
    named.some((entry) => typeof entry === "string" && canonicalResource(entry) === wanted)
  );
}

function isBearer(tokenType: unknown): boolean {
  return tokenType === undefined || (typeof tokenType === "string" && tokenType.toLowerCase() === "bearer");
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A list with anything else in it is none: half a list would be another answer. */
function textsOf(value: unknown): readonly string[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.filter((entry) => typeof entry === "string");
  return texts.length === value.length ? texts : undefined;
}

function bad(reason: string): TokenCheck & { readonly good: false } {
  return { good: false, reason };
}
