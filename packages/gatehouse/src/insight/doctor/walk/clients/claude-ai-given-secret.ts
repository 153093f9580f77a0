import type { McpClient } from "../client.ts";
import { client as registering } from "./claude-ai.ts";

/**
 * With id and secret from the operator, which it sends in the form whatever the metadata say (field notes
 * 1.23).
 */
export const client: McpClient = {
  ...registering,
  name: "claude.ai, with a secret from the operator",
  identity: {
    by: "operator",
    clientId: "claude-connector",
    secret: "a-secret-that-the-operator-made-up-for-claude",
  },
};
