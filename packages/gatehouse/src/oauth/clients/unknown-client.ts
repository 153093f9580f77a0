import { OAuthError } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import type { Reset } from "../reason.ts";
import { canonicalResource } from "../resource.ts";
import type { Store } from "../store.ts";
import { fittingClients, type KnownClient, knownClientAt, knownDocument } from "./known-clients.ts";

const inTheLog = "client unknown";

/**
 * The refusal of a client that nobody here knows. It cannot be told, it learns of nothing that happens on
 * this page: so the person is, and how to make it register anew. It is called by a name only where nobody
 * else can be it; programs that share the shape of their loopback addresses are listed, each with what to do
 * if it is that one.
 */
export async function unknownClient(store: Store, clientId: string, query: Parameters): Promise<OAuthError> {
  const redirectUri = query.get("redirect_uri");
  const certain = knownDocument(clientId) ?? (redirectUri && knownClientAt(redirectUri)) ?? undefined;
  const address = await knownAddress(store, query.all("resource"));
  const candidates = redirectUri === undefined ? [] : fittingClients(redirectUri);
  return new OAuthError("invalid_client", {
    hint: "unknown client_id",
    decidedBy: {
      rule: "client_id (OAuth 2.1 §4.1.1)",
      expected: "a client that is registered here",
      received: clientId,
    },
    log: { reason: inTheLog },
    reason: certain
      ? { key: "forgottenApp", app: resetOf(certain, address) }
      : { key: "unknownApp", apps: candidates.map((known) => resetOf(known, address)) },
  });
}

function resetOf({ name, resetCommand: command }: KnownClient, address: string | undefined): Reset {
  return { name, command: address === undefined ? command : command?.replace("ADDRESS", () => address) };
}

/**
 * The address of the MCP server for a command line, quoted where a shell needs it. Only one that is set up
 * here: a stranger writes the request, and a person believes what this page tells them to type.
 */
async function knownAddress(store: Store, requested: readonly string[]): Promise<string | undefined> {
  const [only, ...others] = requested;
  if (only === undefined || others.length > 0) return undefined;
  try {
    const found = await store.findResource(canonicalResource(only));
    return found && quoted(found.identifier);
  } catch (error) {
    if (error instanceof OAuthError) return undefined; // no address at all
    throw error;
  }
}

function quoted(word: string): string {
  return /^[\w./:%~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
