import { createConcurrencyLimit } from "./concurrency-limit.ts";
import { createDiscovery } from "./discovery.ts";
import { askForJson } from "./json-answer.ts";
import type { Protection } from "./options.ts";

/**
 * `fetch` keeps connections and uses them again, but opens a new one whenever all are busy: so a burst of
 * different tokens is asked about some at a time. That makes at most twice as many connections, since one is
 * put back shortly after its answer has been read. Whoever finds a thousand waiting is refused (503) rather
 * than made to wait for nothing. Tokens nobody has seen good yet may be a stranger's inventions, by the
 * thousand: those that were good before have places and a line of their own.
 */
const unknown = { atOnce: 16, inLine: 1000 };
const known = { atOnce: 8, inLine: 1000 };

/** The authorization server does not take this server's credential: its operator has to act. */
export class CredentialRefusedError extends Error {
  override readonly name = "CredentialRefusedError";
  /** Under which the authorization server's log says why. */
  readonly reference: string | undefined;
  constructor(endpoint: string, reference: string | undefined) {
    super(`${endpoint} refuses this server's credential${underReference(reference)}`);
    this.reference = reference;
  }
}

const underReference = (reference: string | undefined) =>
  reference === undefined ? "" : ` (reference ${reference})`;

/**
 * Asks the authorization server what it knows of a token (RFC 7662 §2). The token travels in the form of this
 * one request and nowhere else (U10). `isKnown`: it was good when it was asked about before. Resolves with
 * the answer as it came, unjudged; throws when there is none within `timeoutSeconds`, waiting included.
 */
export function createIntrospection(
  protection: Protection,
): (token: string, isKnown: boolean) => Promise<Readonly<Record<string, unknown>>> {
  const { credential, introspectionEndpoint, timeoutSeconds } = protection;
  const discover =
    introspectionEndpoint === undefined ? createDiscovery(protection) : async () => introspectionEndpoint;
  const passAsUnknown = createConcurrencyLimit(unknown);
  const passAsKnown = createConcurrencyLimit(known);
  return (token, isKnown) => {
    const signal = AbortSignal.timeout(timeoutSeconds * 1000);
    const pass = isKnown ? passAsKnown : passAsUnknown;
    return pass(signal, async () => {
      const endpoint = await discover();
      const question = {
        method: "POST",
        headers: { Authorization: `Bearer ${credential}`, Accept: "application/json" },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }),
      };
      const { status, json, reference } = await askForJson(endpoint, question, signal);
      if (status === 401) throw new CredentialRefusedError(endpoint, reference);
      if (status !== 200 || json === undefined)
        throw new Error(
          `${endpoint} answered ${status} and no introspection result${underReference(reference)}`,
        );
      return json;
    });
  };
}
