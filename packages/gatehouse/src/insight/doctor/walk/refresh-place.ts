import type { Finding } from "../check.ts";
import { metadataHeaders } from "./challenge.ts";
import type { McpClient } from "./client.ts";
import { readServerMetadata } from "./documents.ts";
import { type Wire, WireError } from "./wire.ts";

/**
 * Whether a client that refreshes by metadata at the MCP server's own address finds some there. `undefined`
 * for all others.
 */
export async function refreshPlace(
  client: McpClient,
  server: string | undefined,
  wire: Wire,
): Promise<Finding | undefined> {
  if (client.refresh?.looksAt === undefined || server === undefined) return undefined;
  const { origin, pathname } = new URL(server);
  const documents = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"];
  const path = pathname.replace(/\/$/, "");
  const places = [
    ...new Set([path, ""].flatMap((at) => documents.map((document) => origin + at + document))),
  ];
  for (const place of places) if (await isMetadata(client, place, wire)) return undefined;
  return {
    id: "walk.refresh",
    result: "warn",
    finding: `It signs in, but when it refreshes it looks for the token endpoint at ${origin} alone, and finds nothing there: it will be signed out when its access token ends.`,
    mend: "The client's maker; until then the MCP server's author can put a copy of the metadata at /.well-known/oauth-authorization-server there.",
    client: client.name,
  };
}

async function isMetadata(client: McpClient, url: string, wire: Wire): Promise<boolean> {
  try {
    const received = await wire.read(url, metadataHeaders(client), client.looks.redirects);
    return received.status === 200 && "document" in readServerMetadata(received, false);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}
