import { statSync } from "node:fs";
import { z } from "zod";
import { identityFields } from "../../gateway/protected-server.ts";
import { readAuthorities } from "../authorities.ts";
import { resourceRule } from "./access.ts";
import { lengthOfTime } from "./length-of-time.ts";
import { scopeName, scopeRule, scopeSchema } from "./resources.ts";
import { hasAll, hasNone, hasOneOf, where } from "./schema-rules.ts";
import { secret } from "./section.ts";
import { ofHttp, ofStdio } from "./server-members.ts";

/*
 * What can be said of an MCP server behind this one. What a value must be is looked at here as far as it
 * shows in the one value; see `server-checks.ts` for the rest.
 */

const day = 86_400;
const time = (least: string, such: string) =>
  lengthOfTime(least, `a length of time such as ${such}, at least ${least}, at most 24h`, day);

const words = (expected: string) => z.string().regex(/^[^\0]*\S[^\0]*$/, expected);

const fieldName = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, "the name of a header field, such as X-User");

const fieldValue = secret(
  /^[\x21-\x7E](?:[\t\x20-\x7E]*[\x21-\x7E])?$/,
  "the value of a header field, in visible ASCII characters",
);

const variableName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "the name of an environment variable");

const folderExpected = "the path of a folder that exists";
const certificatesExpected = "the path of a file with certificates in PEM, which others may not write";

const scopeRules = (what: string) =>
  z
    .record(words("a name, or a pattern with *"), scopeName)
    .optional()
    .describe(
      `The scope that each ${what} needs, by name or pattern: \`delete_*: notes:write\`. What nothing matches is refused. Left out: the base scope is enough for all.`,
    );

const headerOf = (field: string) =>
  z
    .union([fieldName, z.literal(false)], "the name of a header field, or false")
    .optional()
    .describe(`The header that holds the caller's ${field}; false: none.`);

const count = (least = 1) => z.int().min(least).max(100_000);

export const server = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,31}$/, "a short name of small letters, digits and hyphens")
    .describe("What it is called in the log, in metrics and on the command line."),
  title: words("a name").optional().describe("What people see it called."),
  path: z
    .string()
    .regex(/^(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._~-]+)+$/, "a path such as /mcp, without a slash at its end")
    .optional()
    .describe("Where it is reached at this server's own address, or at `host`; /mcp when left out."),
  host: z
    .string()
    .regex(/^(?:[A-Za-z0-9_-]+\.)*[A-Za-z0-9_-]+(?::\d{1,5})?$/, "a host name such as notes.example.com")
    .transform((text) => text.toLowerCase())
    .optional()
    .describe("A host name of its own that leads here too, in place of this server's."),
  upstream: z
    .string()
    .meta({ pattern: "^(?:[hH][tT][tT][pP][sS]?://[^\\s#@\\\\]+|unix:/[^:]+:/[^\\s#]*)$" })
    .optional()
    .describe(
      "The MCP server that stands behind: its http(s) URL, or unix:<path of a socket>:<path>, such as unix:/run/notes.sock:/mcp.",
    ),
  command: z
    .array(z.string().regex(/^[^\0]*$/, "a text without NUL"))
    .min(1)
    .refine((list) => list[0] === undefined || /\S/.test(list[0]), "a program and its arguments")
    .optional()
    .describe(
      "In place of upstream: the program of an MCP server over stdio and its arguments, each by itself; there is no shell.",
    ),
  scopes: z
    .array(scopeSchema.meta(scopeRule))
    .optional()
    .describe(
      "What can be allowed there. Left out: those that base_scope, tools, resources and prompts name; where they name none, any, shown by its name.",
    ),
  base_scope: z
    .union([scopeName, z.array(scopeName).min(1)], "the name of a scope, or a list of them")
    .optional()
    .describe("What every request needs; nothing but a token when left out."),
  tools: scopeRules("tool"),
  resources: scopeRules("resource, by its URI,"),
  prompts: scopeRules("prompt"),
  list: z
    .enum(["all", "obtainable", "granted"])
    .optional()
    .describe(
      "What lists of tools, resources and prompts show: everything, what the person can get now or by asking for more (obtainable, when left out), or what they have.",
    ),
  who: z
    .array(resourceRule)
    .min(1)
    .optional()
    .describe("Who may use it, by rules as under access.resources; whoever may sign in when left out."),
  identity: z
    .strictObject(
      Object.fromEntries(identityFields.map((field) => [field, headerOf(field)])) as Record<
        (typeof identityFields)[number],
        ReturnType<typeof headerOf>
      >,
    )
    .optional()
    .describe("In which headers it is told who calls; X-Gatehouse-Subject, …-Email and so on when left out."),
  assertion: z
    .boolean()
    .optional()
    .describe("Whether each request carries a signed, short-lived statement (JWT) of who calls."),
  credentials: z
    .record(fieldName, fieldValue)
    .optional()
    .describe(
      "What the server wants for itself, by header field: `Authorization: { file: /run/secrets/x }`.",
    ),
  ca_file: words(certificatesExpected)
    .transform((path, context) => {
      const found = readAuthorities(path);
      if (found !== undefined) return found;
      context.issues.push({ code: "custom", input: path, message: certificatesExpected });
      return z.NEVER;
    })
    .optional()
    .describe("Certificates of authorities trusted for it, beside the public ones and those of CA_FILE."),
  plain: z
    .boolean()
    .optional()
    .describe("true: plain http to an address that is neither this computer's nor private is meant so."),
  host_header: z
    .literal("keep")
    .optional()
    .describe("keep: it gets the client's Host header; its own host's when left out."),
  origins: z
    .array(
      z
        .string()
        .regex(
          /^(?:null|[A-Za-z][A-Za-z0-9+.-]*:\/\/[^\s/?#@\\]+)$/,
          'the origin of a page such as https://app.example.com, or "null"',
        )
        .transform((text) => (/^https?:/i.test(text) && URL.canParse(text) ? new URL(text).origin : text)),
    )
    .optional()
    .describe("Web pages that may call, besides this server's own and those of this computer."),
  limits: z
    .strictObject({
      calls_per_minute: count().optional().describe("Of one person, of all tools together."),
      tools: z.record(words("a name"), count()).optional().describe("Of one person in a minute, by tool."),
    })
    .optional()
    .describe("How often it may be called."),
  timeouts: z
    .strictObject({
      connect: time("1s", "5s").optional().describe("For a connection to it; 5s when left out."),
      first_byte: time("1s", "5m").optional().describe("Until its answer begins; 5m when left out."),
      silence: time("1s", "60s")
        .optional()
        .describe("Within an answer that is no event stream; 60s when left out."),
    })
    .optional()
    .describe("How long it is waited for."),
  keep_alive: time("0", "25s")
    .optional()
    .describe("After so long a silence an event stream gets a comment line; 25s when left out, 0: never."),
  max_call: time("1m", "60m")
    .optional()
    .describe("So long a call goes on after its token has expired; 60m when left out."),
  per: z
    .enum(["session", "person", "process"])
    .optional()
    .describe(
      "With command: who shares a child process. session: one for each session (when left out); person: one for each person; process: one for all.",
    ),
  environment: z
    .record(variableName, secret(/^[^\0]*$/, "a text"))
    .optional()
    .describe("With command: variables besides PATH, HOME and the few others that every child gets."),
  folder: words(folderExpected)
    .refine((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true, folderExpected)
    .optional()
    .describe("With command: the working folder; this server's own when left out."),
  max_children: count().optional().describe("With command: child processes at once; 50 when left out."),
  max_children_per_person: count()
    .optional()
    .describe("With command: child processes of one person at once; 5 when left out."),
  idle: time("10s", "30m")
    .optional()
    .describe("With command: a child that nobody used for so long is ended; 30m when left out."),
  first_answer: time("1s", "60s")
    .optional()
    .describe("With command: how long a child's first answer is waited for; 60s when left out."),
  audited_arguments: z
    .record(words("the name of a tool"), z.array(words("the name of an argument")).min(1))
    .optional()
    .describe("Arguments that stand in the audit log, by tool; of all others none does."),
});

const serverRules = [
  hasOneOf("upstream", "command"),
  where(hasAll("command"), hasNone(...ofHttp)),
  where(hasAll("upstream"), hasNone(...ofStdio)),
];

export const serversSchema = z.array(server.meta({ allOf: serverRules }));
export type ConfiguredServer = z.output<typeof server>;
export type ConfiguredServers = readonly ConfiguredServer[];
