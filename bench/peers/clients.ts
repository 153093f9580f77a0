/* Who asks: the same for every peer, known to its server and to the load. */

/** A public client, as MCP clients are. */
export const clientId = "bench-client";
export const redirectUri = "http://127.0.0.1:33418/callback";

/** The MCP server that introspects, and whose tokens are asked for. */
export const resource = "https://notes.example.com/mcp";
export const scope = "notes:read offline_access";
export const introspector = "bench-resource-server";
export const introspectorSecret = "VGhpcyBpcyB0aGUgc2VjcmV0IG9mIHRoZSBiZW5jaA";

/** Its credentials by `client_secret_basic`. */
export const introspectorHeaders = {
  Authorization: `Basic ${Buffer.from(`${introspector}:${introspectorSecret}`).toString("base64")}`,
};
