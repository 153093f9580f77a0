import type { McpClient } from "../client.ts";
import { client as terminal } from "./claude-code.ts";

const callback = "claude://claude.ai/mcp-auth-callback/sdk";

/**
 * In the desktop app, whose redirect URI has a scheme of its own with an authority (field notes 1.16,
 * gh:anthropics/claude-code#93671).
 */
export const client: McpClient = {
  ...terminal,
  name: "Claude Code, in the desktop app",
  callbacks: [callback, callback],
};
