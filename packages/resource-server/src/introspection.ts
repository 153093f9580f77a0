import { createDiscovery } from "./discovery.ts";
import { askForJson } from "./json-answer.ts";
import type { Protection } from "./options.ts";

/**
 * Asks the authorization server what it knows of a token (RFC 7662 §2). The token travels in the form of this one request and
 * nowhere else (U10). Resolves with the answer as it came, unjudged; throws when there is none.
 */
export function createIntrospection(
  protection: Protection,
): (token: string) => Promise<Readonly<Record<string, unknown>>> {
  const { credential, introspectionEndpoint, timeoutSeconds } = protection;
  const discover =
    introspectionEndpoint === undefined ? createDiscovery(protection) : async () => introspectionEndpoint;
  return async (token) => {
    const endpoint = await discover();
    const question = {
      method: "POST",
      headers: { Authorization: `Bearer ${credential}`, Accept: "application/json" },
      body: new URLSearchParams({ token, token_type_hint: "access_token" }),
    };
    const { status, json } = await askForJson(endpoint, question, timeoutSeconds);
    if (status === 401) throw new Error(`${endpoint} refuses this server's credential`);
    if (status !== 200 || json === undefined)
      throw new Error(`${endpoint} answered ${status} and no introspection result`);
    return json;
  };
}
