import { OAuthError, tooManyFailures } from "../messages/errors.ts";
import { type OAuthRequest, originOf } from "../messages/request.ts";
import type { AuditEvent, Clock } from "../ports.ts";
import type { AccessToken, Resource } from "../records.ts";
import { shortIdOf } from "../resource.ts";
import type { Services } from "../services.ts";
import { resourceCredentialPrefix } from "../tokens/prefixes.ts";
import { equalSecrets, hashSecret, isUnguessable } from "../tokens/secret.ts";
import type { ResourceIdentifier } from "../values.ts";
import { decodeBasic, formDecode } from "./authentication.ts";

/**
 * Who asks about a token: the operator, who may see every one, or one resource server, which sees only its
 * own.
 */
export type Caller = "operator" | Resource;

/** The ways in which a caller may prove itself (RFC 7662 §2.1), as the metadata name them (Y23). */
export const callerAuthMethods = ["client_secret_basic", "client_secret_post", "Bearer"] as const;

/**
 * What a caller presents. A bearer credential speaks for itself; with the other ways there is an id, which
 * must fit.
 */
interface Presented {
  readonly method: (typeof callerAuthMethods)[number];
  readonly id: string | undefined;
  readonly secret: string;
  /** Where a caller may have form-encoded it or not: what it is if it did not. */
  readonly rawSecret?: string;
}

/** A credential that is nobody's, and why: for the log. */
interface Nobody {
  readonly why: string;
}

/** What was asked about, as it was looked up meanwhile. */
type Asked = Pick<AccessToken, "subject" | "grantId" | "resource"> & {
  /** Of the attempt that its grant came from, where that is at hand. */
  readonly reference?: string | undefined;
};

export interface Callers {
  /**
   * Who calls. Throws `invalid_request` for two ways at once, else a 401 that names the way that was tried.
   * @param asked the token, for the log: whose refusal it was (Z03)
   */
  authenticate(request: OAuthRequest, asked?: Promise<Asked | undefined>): Promise<Caller>;
  /** Tells the operator that a resource server asked about a token of another one. */
  tellOfForeignToken(request: OAuthRequest, caller: Resource, asked: Asked): void;
}

/** The id whose secret is `INTROSPECTION_TOKEN` (Y22). */
const operatorId = "introspection";
/** No client's identifier: those have no space. */
const guessTarget = "introspection token";

/**
 * Tells who calls the introspection endpoint. It asks the store once at most, by the credential: a wrong id
 * costs what a wrong secret does.
 */
export function createCallers(services: Services): Callers {
  const { clock, events, failures, store } = services;
  const { introspectionToken: configured } = services.settings;
  const isTold = oncePerMinute(clock);
  /** By which a resource server may be known whose refusal was told; mostly empty. */
  const refused = new Set<string>();
  const counts = new Map<ResourceIdentifier, { old: number; current: number }>();

  /** By either credential of a resource that has two, since that was told last. */
  function count(identifier: ResourceIdentifier, isOld: boolean) {
    const counted = counts.get(identifier) ?? { old: 0, current: 0 };
    counted[isOld ? "old" : "current"] += 1;
    counts.set(identifier, counted);
    return counted;
  }

  async function findCaller(request: OAuthRequest, presented: Presented): Promise<Caller | Nobody> {
    const { id, secret } = presented;
    if (isResourceCredential(presented)) {
      const sent = hashSecret(secret);
      const resource = await store.findResourceByCredential(sent);
      if (resource === undefined) return { why: "no such credential" };
      if (!isNamed(resource, id)) return { why: "the credential is another resource's" };
      const { identifier, previousCredential } = resource;
      if (previousCredential === undefined) return resource;
      const isOld = previousCredential.hash === sent;
      if (previousCredential.until <= clock.now()) {
        const end = new Date(previousCredential.until * 1000).toISOString().slice(0, 10);
        return isOld ? { why: `replaced, and good until ${end}` } : resource;
      }
      const { old, current } = count(identifier, isOld);
      // Y20: so that the operator sees when nobody uses it any more.
      if (isOld && !isTold(`previous ${identifier}`)) {
        const about = { ...originOf(request), resource: identifier };
        const detail = `introspections since the last time it was told: ${old} with the old credential, ${current} with the new one`;
        events.emit({ name: "previous_credential_used", ...about, detail });
        counts.delete(identifier);
      }
      return resource;
    }
    if (!isForOperator(presented)) return { why: "no such credential" };
    if (configured === undefined) return { why: "INTROSPECTION_TOKEN is not configured" };
    // J09: while somebody guesses, the right one is refused as well, unless it is beyond guessing.
    const blocked = failures.wait(request.address, guessTarget);
    if (blocked > 0 && !isUnguessable(configured)) throw tooManyFailures(blocked);
    const { rawSecret = secret } = presented;
    const fits = equalSecrets(secret, configured) || equalSecrets(rawSecret, configured);
    return fits ? "operator" : { why: "no such credential" };
  }

  /**
   * Not awaited by the answer: how long it takes would tell a stranger whether the token is one. Asks the
   * store where the token has a row of its own.
   */
  async function tellRefused(about: Omit<AuditEvent, "name">, asked: Asked | undefined): Promise<void> {
    const { grantId: grant, subject, reference, resource } = asked ?? {};
    const known =
      grant === undefined || reference !== undefined
        ? { reference }
        : await store.findGrant(grant, clock.now()).catch(() => undefined);
    const whose = { grant, subject, attempt: known?.reference };
    // Whose credential was another's is none that is back when it asks the next time.
    if (about.reason !== "resource") for (const who of [about.client, resource]) noteRefused(who);
    events.emit({ name: "introspection_refused", resource, ...about, ...whose });
  }

  /** What claims to be an id may be anything. */
  function noteRefused(who: string | undefined): void {
    if (who === undefined || who.length > maxIdLength) return;
    const [oldest] = refused;
    if (refused.size >= maxKeys && oldest !== undefined) refused.delete(oldest);
    refused.add(who);
  }

  /** So that the operator sees that it is mended. */
  function tellAccepted(request: OAuthRequest, { identifier }: Resource): void {
    const names = [identifier, shortIdOf(identifier)];
    if (names.filter((name) => refused.delete(name)).length === 0) return;
    events.emit({ name: "introspection_accepted", ...originOf(request), resource: identifier });
  }

  async function authenticate(request: OAuthRequest, asked?: Promise<Asked | undefined>): Promise<Caller> {
    const presented = readPresented(request);
    if (presented === undefined) throw unauthenticated(request, "no credential");
    const caller = await findCaller(request, presented);
    if (caller === "operator") return caller;
    if ("identifier" in caller) {
      if (refused.size > 0) tellAccepted(request, caller);
      return caller;
    }
    const { method, id } = presented;
    // J11: 401 too while none is configured, since anybody can send a token. The log says which it was.
    const debug = caller.why;
    if (!isTold(`${method} ${id}`)) {
      const about = { ...originOf(request), client: id, reason: method, detail: debug };
      if (asked === undefined) void tellRefused(about, undefined);
      else void asked.then((found) => tellRefused(about, found)).catch(() => tellRefused(about, undefined));
    }
    const wait = failures.failed(request.address, isForOperator(presented) ? guessTarget : undefined);
    throw wait > 0 ? tooManyFailures(wait) : unauthenticated(request, debug);
  }

  return {
    authenticate,
    tellOfForeignToken(request, { identifier }, token) {
      if (isTold(`foreign ${identifier}`)) return;
      const detail = `the token is for ${token.resource ?? "no resource"}, and whoever asked has the credential of ${identifier}: give it its own, or the app sends its token to the wrong server`;
      const about = { client: shortIdOf(identifier), resource: identifier, reason: "resource", detail };
      void tellRefused({ ...originOf(request), ...about }, token);
    },
  };
}

/** One caller, one way (as E08); a client assertion is none of ours, but a second way all the same. */
function readPresented({ headers: { authorization }, form }: OAuthRequest): Presented | undefined {
  const secret = form?.get("client_secret");
  const ways = Number(authorization !== undefined) + Number(secret !== undefined);
  if (ways > 0 && ways + Number(form?.has("client_assertion") ?? false) > 1) {
    throw new OAuthError("invalid_request", { hint: "more than one way of authentication" });
  }
  const id = form?.get("client_id");
  if (authorization === undefined) {
    return secret === undefined || id === undefined
      ? undefined
      : { method: "client_secret_post", id, secret };
  }
  const [, bearer] = /^bearer +(\S+)$/i.exec(authorization) ?? [];
  if (bearer !== undefined) return { method: "Bearer", id: undefined, secret: bearer };
  const basic = readBasic(authorization);
  if (basic !== undefined && id !== undefined && id !== basic.id) {
    throw new OAuthError("invalid_request", { hint: "client_id differs from the Authorization header" });
  }
  return basic;
}

/**
 * Y21. RFC 6749 §2.3.1 has id and secret form-encoded before they are joined, and most libraries leave that
 * out. A URL that was left as it is holds colons of its own, so that the secret is what follows the last one;
 * resources' credentials hold none.
 */
function readBasic(authorization: string): Presented | undefined {
  const text = decodeBasic(authorization);
  if (text === undefined) return undefined;
  const isUrl = /^https?:\/\//i.test(text);
  const colon = isUrl ? text.lastIndexOf(":") : text.indexOf(":");
  const rawSecret = text.slice(colon + 1);
  const id = isUrl ? text.slice(0, colon) : formDecode(text.slice(0, colon));
  if (colon <= 0 || !id) return undefined;
  return { method: "client_secret_basic", id, secret: formDecode(rawSecret) ?? rawSecret, rawSecret };
}

/** By its prefix. The operator's id says by itself what its secret is for. */
function isResourceCredential({ id, secret }: Presented): boolean {
  return id !== operatorId && secret.startsWith(resourceCredentialPrefix);
}

/** Whether it may be a guess at `INTROSPECTION_TOKEN`. */
function isForOperator({ method, id, secret }: Presented): boolean {
  return method === "Bearer" ? !secret.startsWith(resourceCredentialPrefix) : id === operatorId;
}

function isNamed({ identifier }: Resource, id: string | undefined): boolean {
  return id === undefined || id === identifier || id === shortIdOf(identifier);
}

function unauthenticated({ headers, form }: OAuthRequest, debug: string): OAuthError {
  const isBasic = /^basic\b/i.test(headers.authorization ?? "");
  return new OAuthError(isBasic || form?.has("client_secret") ? "invalid_client" : "invalid_token", {
    hint: "introspection needs a credential",
    debug,
    headers: { "WWW-Authenticate": `${isBasic ? "Basic" : "Bearer"} realm="gatehouse"` },
  });
}

/** As many keys as are told a minute: the rest is a flood. */
const maxKeys = 200;
/** Of what is remembered of refused callers. */
const maxIdLength = 500;

/** Whether a key was told of in this minute already, or too many were; else it is from now on. */
function oncePerMinute(clock: Clock): (key: string) => boolean {
  let minute = 0;
  const told = new Set<string>();
  return (key) => {
    const current = Math.floor(clock.now() / 60);
    if (current !== minute) told.clear();
    minute = current;
    if (told.has(key) || told.size >= maxKeys) return true;
    told.add(key);
    return false;
  };
}
