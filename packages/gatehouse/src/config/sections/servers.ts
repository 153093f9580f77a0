import type { Section } from "./section.ts";
import { checkServers } from "./server-checks.ts";
import { type ConfiguredServers, serversSchema } from "./server-schema.ts";

export const serversSection: Section<ConfiguredServers> = {
  title: "MCP servers behind this one",
  meaning:
    "MCP servers that know nothing of OAuth and are reached through this one alone, which lets nobody pass without a token. Each is a resource of its own. See docs/gateway.md.",
  schema: serversSchema,
  example: `servers:
  - name: notes
    title: Notes
    path: /mcp
    upstream: http://127.0.0.1:3000/mcp
    scopes:
      - { name: "notes:read", sentence: Read your notes, default: true }
      - { name: "notes:write", sentence: Add and change notes }
    base_scope: notes:read
    tools:
      "delete_*": notes:write
      "*": notes:read
    who:
      - allow: { domain: [example.com] }
  - name: files
    path: /files
    command: [npx, -y, "@modelcontextprotocol/server-filesystem", /srv/files]
    per: person
`,
  check: checkServers,
};
