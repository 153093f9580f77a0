import { z } from "zod";
import { scopeSchema } from "./resources.ts";
import type { Section } from "./section.ts";

const server = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "a short name of small letters, digits and hyphens")
    .describe("What it is called in the log, in metrics and on the command line."),
  title: z.string().regex(/\S/, "a name").optional().describe("What people see it called."),
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*$/, "a path such as /mcp")
    .describe("Where it is reached at this server's own address."),
  upstream: z
    .string()
    .regex(/^https?:\/\/[^\s#@\\]+$/i, "the http(s) URL of an MCP server, without fragment and credentials")
    .describe("The MCP server that stands behind."),
  scopes: z
    .array(scopeSchema)
    .optional()
    .describe("What can be allowed there. None: it takes any scope, shown by its name."),
});

export const serversSchema = z.array(server);
export type ConfiguredServers = z.output<typeof serversSchema>;

export const serversSection: Section<ConfiguredServers> = {
  title: "MCP servers behind this one",
  meaning:
    "MCP servers that know nothing of OAuth and are reached through this one alone, which lets nobody pass without a token. Each is a resource of its own.",
  schema: serversSchema,
  example: `servers:
  - name: notes
    title: Notes
    path: /mcp
    upstream: http://127.0.0.1:3000/mcp
    scopes:
      - { name: "notes:read", sentence: Read your notes, default: true }
`,
  check(servers, { problem, placeOf }) {
    for (const key of ["name", "path"] as const) {
      const seen = new Map<string, string>();
      servers.forEach((server, index) => {
        const before = seen.get(server[key]);
        if (before !== undefined) {
          problem([index, key], "the same as another", `one that is not at ${before} too`);
        }
        seen.set(server[key], placeOf([index, key]));
      });
    }
  },
};
