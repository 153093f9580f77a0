import type { McpClient } from "./client.ts";
import { type ResourceMetadata, readResourceMetadata } from "./documents.ts";
import { Stopped } from "./stopped.ts";
import { type Received, type Wire, WireError } from "./wire.ts";

/*
 * First step: the MCP server is called without a token, and says where its metadata stand, or they are looked
 * for where they stand by convention (RFC 9728 §3.1, §5.1).
 */

export interface Challenge {
  /** It answers anybody: nobody is asked to sign in. */
  readonly open: boolean;
  readonly metadata: ResourceMetadata | undefined;
  /** Where they were. */
  readonly metadataUrl: string | undefined;
  /** What the 401 asks for. */
  readonly scope: string | undefined;
  /** How it went, for the finding. */
  readonly told: string;
}

const initialize = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "gatehouse-doctor", version: "1" },
  },
});

/** Throws {@link Stopped}. */
export async function challenge(client: McpClient, server: string, wire: Wire): Promise<Challenge> {
  const { looks } = client;
  const answer = await call(client, server, wire);
  if (answer.status >= 200 && answer.status < 300) {
    const told = "It answers without asking who calls: no sign-in is needed.";
    return { open: true, metadata: undefined, metadataUrl: undefined, scope: undefined, told };
  }
  if (answer.status !== 401 && looks.first !== "GET") {
    throw new Stopped(
      "walk.challenge",
      `A call without a token is answered ${answer.status}, where clients wait for 401.`,
      "MCP server",
      answer.status === 404 || answer.status === 405
        ? "is this the address of its MCP endpoint? Otherwise answer 401 with WWW-Authenticate."
        : "answer 401 with `WWW-Authenticate: Bearer resource_metadata=…`.",
    );
  }
  const named = urlIn(parameterOf(answer, "resource_metadata"));
  const found = await findMetadata(client, server, named, wire);
  return {
    open: false,
    metadata: found?.document,
    metadataUrl: found?.url,
    scope: parameterOf(answer, "scope"),
    told: describe(server, named, found?.url, answer.status),
  };
}

/** The first call of the MCP server; by GET first where the client does that. */
async function call(client: McpClient, server: string, wire: Wire): Promise<Received> {
  const headers = { ...ownHeaders(client), accept: "application/json, text/event-stream" };
  try {
    if (client.looks.first === "GET") {
      const probed = await wire.read(server, headers, "within the origin");
      if (probed.status === 401) return probed;
    }
    return await wire.askOnce(server, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: initialize,
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const mend =
      error.kind === "forbidden"
        ? "give it an https address: clients send tokens nowhere else."
        : "make it reachable at this address.";
    throw new Stopped("walk.challenge", sentence(error.message), "MCP server", mend);
  }
}

/**
 * The metadata at the first place with some. Whoever trusts the challenge alone does as if there were none
 * where what it names is of no use.
 */
async function findMetadata(client: McpClient, server: string, named: string | undefined, wire: Wire) {
  const { looksOn } = client.looks;
  const { origin, pathname, search } = new URL(server);
  const wellKnown = "/.well-known/oauth-protected-resource";
  const path = pathname.replace(/\/$/, "");
  const conventional = [...new Set([`${origin}${wellKnown}${path}${search}`, `${origin}${wellKnown}`])];
  const places = named === undefined ? conventional : looksOn ? [named, ...conventional] : [named];
  for (const url of places) {
    const read = await readAt(client, url, wire);
    if (read === "elsewhere") continue;
    if (read !== undefined) return { url, document: read };
    if (!looksOn) return undefined;
  }
  return undefined;
}

/** `elsewhere`: not here, look further; `undefined`: something else is here. */
async function readAt(client: McpClient, url: string, wire: Wire) {
  const { looks } = client;
  try {
    const received = await wire.read(url, metadataHeaders(client), looks.redirects);
    if (received.status !== 200) return received.status < 500 || looks.looksOn ? "elsewhere" : undefined;
    const read = readResourceMetadata(received);
    return "document" in read ? read.document : undefined;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    if (looks.silence === "looks further") return "elsewhere";
    throw new Stopped(
      "walk.challenge",
      sentence(error.message),
      "MCP server",
      "make its metadata reachable.",
    );
  }
}

function describe(
  server: string,
  named: string | undefined,
  found: string | undefined,
  status: number,
): string {
  if (found !== undefined && found === named) return `The ${status} names the metadata.`;
  const missing =
    named === undefined
      ? `There is no \`resource_metadata\` in the ${status}`
      : `There are no usable metadata at ${named}, which the ${status} names`;
  if (found !== undefined) return `${missing}, but they stand at ${found}.`;
  const { origin } = new URL(server);
  return `${missing}, and none are found where this client looks: it takes ${origin} for the authorization server.`;
}

/** One parameter of the challenge (RFC 6750 §3, RFC 9728 §5.1). */
function parameterOf({ headers }: Received, name: string): string | undefined {
  const header = headers["www-authenticate"] ?? "";
  if (!/^(?:bearer|dpop)\s/i.test(header)) return undefined;
  const [, quoted, bare] = new RegExp(`\\b${name}=(?:"([^"]+)"|([^\\s,]+))`).exec(header) ?? [];
  return quoted ?? bare;
}

const urlIn = (text: string | undefined) => (text !== undefined && URL.canParse(text) ? text : undefined);

/** What the walk sends of a client's headers: it says itself who asks. */
export function ownHeaders({ headers }: McpClient): Record<string, string> {
  return { ...headers, "user-agent": "gatehouse-doctor" };
}

/** The same, of its requests for metadata. */
export function metadataHeaders(client: McpClient): Record<string, string> {
  const { revision } = client;
  return {
    ...ownHeaders(client),
    accept: "application/json",
    ...(revision !== undefined && { "mcp-protocol-version": revision }),
  };
}

/** A message of the wire as a sentence. */
export const sentence = (message: string) => `${message}.`;
