import { type Advice, OAuthError, type Remedy } from "../messages/errors.ts";
import type { Parameters } from "../messages/parameters.ts";
import { canonicalResource } from "../resource.ts";
import type { Store } from "../store.ts";
import { fittingClients, type KnownClient, knownClientAt, knownDocument } from "./known-clients.ts";

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
  const forPerson = certain
    ? adviceFor(certain, address)
    : adviceForAnyOf(redirectUri === undefined ? [] : fittingClients(redirectUri), address);
  return new OAuthError("invalid_client", {
    hint: "unknown client_id",
    ...(forPerson === undefined ? {} : { forPerson }),
  });
}

function adviceFor(known: KnownClient, address: string | undefined): Advice {
  return {
    title: `This server does not know this ${known.name} any more`,
    explanation: `${known.name} uses a registration that does not exist here (any more).`,
    remedies: [remedyOf(known, address)],
  };
}

/** Undefined when nothing is known of the address: then the page says what holds for every app. */
function adviceForAnyOf(candidates: readonly KnownClient[], address: string | undefined): Advice | undefined {
  if (candidates.length === 0) return undefined;
  return {
    title: "This server does not know the app",
    explanation:
      "The app uses a registration that does not exist here (any more). Remove this server in the app, or sign out of it there, and add it again: it then registers anew.",
    remedies: candidates.map((known) => ({ app: known.name, ...remedyOf(known, address) })),
  };
}

function remedyOf({ reset }: KnownClient, address: string | undefined): Remedy {
  const { sentence, command } = reset;
  if (command === undefined) return { sentence };
  return { sentence, command: address === undefined ? command : command.replace("ADDRESS", () => address) };
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
