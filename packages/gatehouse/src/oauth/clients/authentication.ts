import { hasLeft } from "../declarations.ts";
import { OAuthError, tooManyFailures } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { OAuthRequest } from "../messages/request.ts";
import { DocumentError } from "../ports.ts";
import type { Client } from "../records.ts";
import type { Services } from "../services.ts";
import { equalSecrets, hashSecret, isUnguessable } from "../tokens/secret.ts";
import type { Seconds, SecretHash } from "../values.ts";
import { assertionType, checkAssertion, claimedClient } from "./assertion.ts";
import { isPublic, mayOmitSecret } from "./client.ts";
import { policyOf } from "./policy.ts";

interface Credentials {
  readonly clientId: string;
  readonly secret?: string | undefined;
  /** RFC 7523 §2.2. */
  readonly assertion?: string;
}

/**
 * Who is calling the token or revocation endpoint (OAuth 2.1 §2.4, §3.2.2). A public client names itself by
 * `client_id`; a confidential one proves itself by `client_secret_basic` or `client_secret_post`, whichever
 * it likes, or by `private_key_jwt`. Throws `invalid_request` or `invalid_client`, and then nothing has been
 * consumed (E13).
 */
export async function authenticateClient(
  services: Services,
  request: OAuthRequest,
  form: Parameters,
): Promise<Client> {
  const credentials = readCredentials(request, form);
  refuseGuesser(services, request, credentials);
  const found = await services.store.findClient(credentials.clientId);
  const client = found !== undefined && hasLeft(found) ? undefined : found;
  const problem = await findProblem(services, request, client, credentials);
  if (client !== undefined && problem === undefined) return client;
  services.events.emit({
    name: "client_authentication_failed",
    request: request.id,
    client: credentials.clientId,
    address: request.address,
    detail: problem,
  });
  if (credentials.secret !== undefined || credentials.assertion !== undefined) {
    const wait = services.failures.failed(request.address, client?.id);
    if (wait > 0) throw tooManyFailures(wait);
  }
  throw invalidClient();
}

/**
 * What is wrong with the credentials, for the log; `undefined` when nothing is. The registered method is
 * enforced (E11).
 */
async function findProblem(
  services: Services,
  request: OAuthRequest,
  client: Client | undefined,
  { secret, assertion }: Credentials,
): Promise<string | undefined> {
  if (secret !== undefined) {
    // First, so that an unknown client costs the same as a wrong secret (E-n6).
    const genuine = await hasSecret(services, client, secret);
    if (client === undefined) return "unknown client";
    if (isPublic(client)) return "a public client sent a secret";
    return genuine ? undefined : "wrong secret";
  }
  if (client === undefined) return "unknown client";
  if (assertion !== undefined) return findAssertionProblem(services, request, client, assertion);
  if (mayOmitSecret(client)) return undefined;
  // Decision 13: the old web client knows a missing secret as 400.
  if (policyOf(client).missingSecret === "invalid_request")
    throw new OAuthError("invalid_request", { hint: "client_secret is missing" });
  return "sent no credentials";
}

async function findAssertionProblem(
  services: Services,
  request: OAuthRequest,
  client: Client,
  assertion: string,
): Promise<string | undefined> {
  if (client.keys === undefined) return "sent an assertion, but has no keys";
  try {
    const problem = await checkAssertion(services, client, assertion, request);
    return problem && `its assertion is ${problem}`;
  } catch (error) {
    if (!(error instanceof DocumentError || error instanceof OAuthError)) throw error;
    // Who may come without an assertion is not turned away because we cannot read the one it brought.
    return isPublic(client) ? undefined : `its keys cannot be had: ${error.message}`;
  }
}

function readCredentials(request: OAuthRequest, form: Parameters): Credentials {
  const clientId = form.get("client_id");
  // A bearer token authenticates no client. The Inspector sends its old one along, beside a client_id.
  const isBearer = clientId !== undefined && /^bearer\b/i.test(request.headers.authorization ?? "");
  const authorization = isBearer ? undefined : request.headers.authorization;
  const secret = form.get("client_secret");
  const asserts = form.has("client_assertion") || form.has("client_assertion_type");
  if (Number(authorization !== undefined) + Number(secret !== undefined) + Number(asserts) > 1) {
    throw new OAuthError("invalid_request", { hint: "more than one way of client authentication" }); // E08
  }
  if (asserts) return readAssertion(form, clientId);
  if (authorization === undefined) {
    if (clientId === undefined) throw new OAuthError("invalid_request", { hint: "client_id is missing" });
    return { clientId, secret };
  }
  const basic = readBasic(authorization);
  if (basic === undefined) throw invalidClient("malformed or unsupported Authorization header");
  if (clientId !== undefined && clientId !== basic.clientId) {
    throw new OAuthError("invalid_request", { hint: "client_id differs from the Authorization header" }); // E12
  }
  return basic;
}

/** Q05, Q06: `client_id` may be left out, since the assertion names the client. */
function readAssertion(form: Parameters, clientId: string | undefined): Credentials {
  const assertion = form.get("client_assertion");
  if (assertion === undefined || form.get("client_assertion_type") !== assertionType) {
    throw invalidClient(`client_assertion needs client_assertion_type ${assertionType}`);
  }
  const claimed = claimedClient(assertion);
  if (claimed === undefined) throw invalidClient("client_assertion is not a JWT with a subject");
  if (clientId !== undefined && clientId !== claimed) {
    throw invalidClient("client_id differs from the subject of the assertion"); // E12
  }
  return { clientId: claimed, assertion };
}

/** RFC 6749 §2.3.1: base64 of the form-encoded id and secret, split at the first colon (E06). */
export function readBasic(authorization: string): Credentials | undefined {
  const decoded = decodeBasic(authorization);
  if (decoded === undefined) return undefined;
  const colon = decoded.indexOf(":");
  const clientId = formDecode(decoded.slice(0, colon));
  const secret = formDecode(decoded.slice(colon + 1));
  // An empty password stays a password, a wrong one: E-n1.
  return colon <= 0 || !clientId || secret === undefined ? undefined : { clientId, secret };
}

/** What a Basic header holds, id and secret still joined and encoded; `undefined` for any other header. */
export function decodeBasic(authorization: string): string | undefined {
  const [, encoded] = /^basic +([A-Za-z0-9+/]+=*)$/i.exec(authorization) ?? [];
  return encoded === undefined ? undefined : Buffer.from(encoded, "base64").toString();
}

/** `undefined` for what is malformed, or not to be stored anywhere. */
export function formDecode(text: string): string | undefined {
  try {
    const decoded = decodeURIComponent(text.replaceAll("+", " "));
    return /[\0\uFFFD]/.test(decoded) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

async function hasSecret(services: Services, client: Client | undefined, secret: string): Promise<boolean> {
  const sent = hashSecret(secret);
  // LEGACY: as long as there is a clear text it is the secret, because the operator may have changed it there
  // (T03).
  const clear = client?.clearSecret;
  const current = clear === undefined ? client?.secretHash : hashSecret(clear);
  // An unknown client costs the same as a wrong secret (E-n6).
  const equal = equalSecrets(sent, current ?? hashSecret(""));
  if (client === undefined || current === undefined) return false;
  if (!equal) return isPreviousSecret(client, sent, services.clock.now());
  if (clear !== undefined && client.secretHash !== current) {
    await services.store.rememberSecretHash(client.id, clear, current);
  }
  return true;
}

function isPreviousSecret({ previousSecret }: Client, sent: SecretHash, now: Seconds): boolean {
  if (previousSecret === undefined || previousSecret.until <= now) return false;
  return equalSecrets(sent, previousSecret.secretHash);
}

/**
 * E16. Whoever guessed too often at this client is not told whether the next guess is right. A secret that
 * cannot be guessed is looked at all the same, so that nobody is shut out by a stranger who shares their
 * address; so is an assertion. A stale `client_id` counts nowhere: many people's clients share an address.
 */
function refuseGuesser({ failures }: Services, { address }: OAuthRequest, credentials: Credentials): void {
  const { clientId, secret } = credentials;
  if (secret === undefined) return;
  const wait = failures.wait(address, clientId);
  if (wait > 0 && !isUnguessable(secret)) throw tooManyFailures(wait);
}

function invalidClient(hint = "client authentication failed"): OAuthError {
  // A 401 always names the scheme to use (E09, E10, S06).
  return new OAuthError("invalid_client", {
    hint,
    headers: { "WWW-Authenticate": 'Basic realm="gatehouse"' },
  });
}
