import { z } from "zod";
import { OAuthError } from "../../oauth/messages/errors.ts";
import { resourceClaims } from "../../oauth/records.ts";
import { canonicalResource } from "../../oauth/resource.ts";
import { resourceCredentialPrefix } from "../../oauth/tokens/prefixes.ts";
import type { ResourceIdentifier } from "../../oauth/values.ts";
import type { Path } from "../yaml-tree.ts";
import { isOneOf, not, where } from "./schema-rules.ts";
import { type CheckContext, type Section, secret } from "./section.ts";

const credential = secret(
  new RegExp(`^${resourceCredentialPrefix}[A-Za-z0-9._~-]{32,200}$`),
  `${resourceCredentialPrefix} and 32 to 200 letters and digits: echo ${resourceCredentialPrefix}$(openssl rand -hex 32)`,
);

/** The name of a scope (RFC 6749 §3.3). */
export const scopeName = z
  .string()
  .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "the name of a scope, such as notes:read, without spaces");

/** A scope of an MCP server. */
export const scopeSchema = z.strictObject({
  name: scopeName.describe("As clients ask for it."),
  sentence: z
    .string()
    .regex(/\S/, "a sentence")
    .optional()
    .describe("What it allows, in words for the consent page; without it the name is shown."),
  default: z
    .boolean()
    .optional()
    .describe("Whoever asks for no scope gets those marked so; with none marked, all that are not optional."),
  optional: z
    .boolean()
    .optional()
    .describe("A tick on the consent page, without it not granted; never granted to who did not ask for it."),
});

/** For editors: a scope cannot be both. */
export const scopeRule = { allOf: [where(isOneOf("default", [true]), not(isOneOf("optional", [true])))] };

export type DeclaredScope = z.output<typeof scopeSchema>;

const resource = z.strictObject({
  identifier: z
    .string()
    .regex(/^https?:\/\/[^\s#\\]+$/i, "the https URL of an MCP server, without fragment")
    .transform((text, context): ResourceIdentifier => {
      try {
        return canonicalResource(text);
      } catch (error) {
        const why = error instanceof OAuthError ? `: ${error.hint}` : "";
        const message = `the https URL of an MCP server, without fragment${why}`;
        context.issues.push({ code: "custom", input: text, message });
        return z.NEVER;
      }
    })
    .describe("The URL of the MCP server, as clients are pointed at it."),
  name: z.string().regex(/\S/, "a name").optional().describe("What people see it called."),
  credential: credential.describe("With which the server asks about tokens (introspection)."),
  previous_credential: credential
    .optional()
    .describe("The one before, which stays good beside it: to change it without a gap."),
  scopes: z
    .array(scopeSchema.meta(scopeRule))
    .optional()
    .describe("What can be allowed there. None: it takes any scope, shown by its name."),
  claims: z
    .array(z.enum(resourceClaims))
    .min(1)
    .optional()
    .describe("What it is told of people besides: their name, their groups. Left out: neither."),
});

export const resourcesSchema = z.array(resource);
export type DeclaredResources = z.output<typeof resourcesSchema>;

export const resourcesSection: Section<DeclaredResources> = {
  title: "MCP servers declared in the file",
  meaning:
    "The MCP servers tokens can be bound to, beside those of `gatehouse resources add`. What is declared is changed here alone.",
  schema: resourcesSchema,
  example: `resources:
  - identifier: https://notes.example.com/mcp
    name: Notes
    credential: { file: /run/secrets/notes }
    scopes:
      - { name: "notes:read", sentence: Read your notes, default: true }
      - { name: "notes:delete", sentence: Delete notes for good, optional: true }
`,
  check(resources, { problem, placeOf }) {
    const identifiers = new Map<string, string>();
    const credentials = new Set<string>();
    resources.forEach(({ identifier, scopes = [], ...secrets }, index) => {
      const before = identifiers.get(identifier);
      if (before !== undefined) {
        problem([index, "identifier"], "the same as another", `one that is not at ${before} too`);
      }
      identifiers.set(identifier, placeOf([index, "identifier"]));
      for (const key of ["credential", "previous_credential"] as const) {
        const secret = secrets[key];
        if (secret === undefined) continue;
        if (credentials.has(secret)) problem([index, key], "one that is used twice", "one of its own");
        credentials.add(secret);
      }
      checkScopes(scopes, [index, "scopes"], problem);
    });
  },
};

/** What contradicts itself in a list of scopes at a path. */
export function checkScopes(
  scopes: readonly DeclaredScope[],
  path: Path,
  problem: CheckContext["problem"],
): void {
  const names = new Set<string>();
  scopes.forEach((scope, at) => {
    if (names.has(scope.name)) problem([...path, at, "name"], "the same as another", "each scope once");
    if (scope.default && scope.optional) {
      problem([...path, at, "optional"], "true beside default: true", "one of the two");
    }
    names.add(scope.name);
  });
}
