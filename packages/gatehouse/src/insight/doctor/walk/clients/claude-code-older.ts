import type { McpClient } from "../client.ts";
import { client as current } from "./claude-code.ts";

/**
 * As threads describe it: no `scope` anywhere, no `application_type` (field notes 1.8, 1.15), and for some
 * versions no `resource` (1.20).
 */
export const client: McpClient = {
  ...current,
  name: "Claude Code, without scope and resource",
  superseded: true,
  identity: {
    by: "registration",
    metadata: (callback) => ({
      client_name: "Claude Code (my-notes)",
      redirect_uris: [callback],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "none",
    }),
    keeps: false,
  },
  asks: { scope: "none", resource: "none" },
  refresh: { sendsResource: false, early: 300, together: true },
};
