import { z } from "zod";
import { canonicalHost } from "../../oauth/host.ts";
import { OAuthError } from "../../oauth/messages/errors.ts";
import { canonicalResource, shortIdOf } from "../../oauth/resource.ts";
import type { ResourceIdentifier } from "../../oauth/values.ts";
import type { Path } from "../yaml-tree.ts";
import { checkGroups, providersIn } from "./access-names.ts";
import { anyOf, hasAll, hasOneOf, where } from "./schema-rules.ts";
import type { CheckContext, Section } from "./section.ts";
import { issuerOf, serverAddress } from "./server-address.ts";
import { scopesOfServer } from "./server-scopes.ts";

/** What has been found wrong already, such as a misspelt name, is not told again as missing. */
const when = ({ issues }: { readonly issues: readonly unknown[] }) => issues.length === 0;

const listOf = (each: z.ZodType<string>, meaning: string) =>
  z.array(each).min(1).optional().describe(meaning);

const domainExpected = "a whole domain such as example.com; subdomains are listed one by one";
const domain = z
  .string()
  .regex(/^[^\s,:@*/]+\.[^\s,:@*/]+$/, domainExpected)
  .transform((text, context) => canonicalHost(text) ?? refuse(context, text, domainExpected));

const addressExpected = "an e-mail address such as ada@example.com";
const address = z
  .string()
  .regex(/^[^\s@]+@[^\s@]+$/, addressExpected)
  .transform((text, context) => {
    const at = text.lastIndexOf("@");
    const host = canonicalHost(text.slice(at + 1));
    return host === undefined
      ? refuse(context, text, addressExpected)
      : `${text.slice(0, at).replace(/[A-Z]/g, (letter) => letter.toLowerCase())}@${host}`;
  });

const group = z.string().regex(/^\S(?:.*\S)?$/, "the name of a group");
const provider = z.string().regex(/^[a-z0-9-]{1,32}$/, "the name of a provider");

const match = z
  .strictObject({
    everyone: z.literal(true).optional().describe("Everybody who has got this far; alone."),
    domain: listOf(domain, "The domain of the address, as a whole."),
    address: listOf(address, "The address, in whatever case."),
    group: listOf(
      group,
      "A group, exactly as the provider names it: `admins`, or with several providers that give groups `work:admins`.",
    ),
    provider: listOf(provider, "The name of the provider they signed in with."),
  })
  .refine((keys) => Object.keys(keys).length > 0, {
    message: "whom it is about: domain, address, group, provider, or everyone: true",
    params: { found: "nothing in it" },
    when,
  })
  .refine((keys) => keys.everyone === undefined || Object.keys(keys).length === 1, {
    message: "everyone: true alone, or the others without it",
    params: { found: "everyone: true beside other keys" },
    when,
  })
  .meta({ minProperties: 1, allOf: [where(hasAll("everyone"), { maxProperties: 1 })] });

const oneEffect = {
  when,
  message: "allow: or deny:",
  params: { found: "both, or neither" },
};
const effects = {
  allow: match
    .optional()
    .describe("Lets in whoever fits every key that is there, each by one of its values."),
  deny: match.optional().describe("Keeps out whoever fits, whatever else allows them."),
};
const hasOneEffect = (rule: { allow?: unknown; deny?: unknown }) =>
  (rule.allow === undefined) !== (rule.deny === undefined);

const onlyOneEffect = { allOf: [hasOneOf("allow", "deny")] };
/** Rules that only deny let nobody in. */
const oneAllows = { contains: hasAll("allow") };

const signInRule = z.strictObject(effects).refine(hasOneEffect, oneEffect).meta(onlyOneEffect);
export const resourceRule = z
  .strictObject({
    ...effects,
    scopes: listOf(
      z
        .string()
        .regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "the name of a scope, such as notes:read, without spaces"),
      "The scopes it gives, or takes; all when left out.",
    ),
  })
  .refine(hasOneEffect, oneEffect)
  .meta(onlyOneEffect);

const resourceExpected = "the https URL of an MCP server as it was added, or its short id, rs_…";
const resourceKey = z
  .string()
  .regex(/^(?:https?:\/\/[^\s#\\]+|rs_[A-Za-z0-9_-]{12})$/i, resourceExpected)
  .transform((text, context) => {
    if (text.startsWith("rs_")) return text;
    try {
      return canonicalResource(text) as string;
    } catch (error) {
      const why = error instanceof OAuthError ? `: ${error.hint}` : "";
      return refuse(context, text, resourceExpected + why);
    }
  });

export const accessSchema = z
  .strictObject({
    sign_in: z
      .array(signInRule)
      .min(1)
      .meta(oneAllows)
      .optional()
      .describe("Who may sign in at all. Left out: whoever a provider may speak for."),
    resources: z
      .record(resourceKey, z.array(resourceRule).min(1).meta(oneAllows))
      .optional()
      .describe(
        "Who may use which MCP server, and which scopes they can get there, by its URL or short id. One that is left out may be used by whoever may sign in.",
      ),
  })
  .refine(({ sign_in, resources = {} }) => sign_in !== undefined || Object.keys(resources).length > 0, {
    message: "sign_in: or resources:, with rules below",
    params: { found: "nothing in it" },
    when,
  })
  .meta({ allOf: [anyOf(hasAll("sign_in"), hasAll("resources"))] });
export type DeclaredAccess = z.output<typeof accessSchema>;
export type DeclaredRule = z.output<typeof resourceRule>;

export const accessSection: Section<DeclaredAccess> = {
  title: "Who may do what",
  meaning:
    "Rules of who may sign in, who may use which MCP server, and with which scopes. Somebody has what at least one `allow` gives and no `deny` takes; the order never matters. See docs/access.md.",
  schema: accessSchema,
  example: `access:
  sign_in:
    - allow: { domain: [example.com, example.org] }
    - allow: { address: [ada@partner.example] }
    - deny: { address: [intern@example.com] }
  resources:
    https://notes.example.com/mcp:
      - allow: { domain: [example.com] }
      - allow: { everyone: true }
        scopes: ["notes:read"]
`,
  check(access, context) {
    const lists = [
      { path: ["sign_in"], rules: access.sign_in, scopes: undefined },
      ...Object.entries(access.resources ?? {}).map(([key, rules]) => ({
        path: ["resources", key],
        rules,
        scopes: declaredScopes(context, key),
      })),
    ];
    for (const { path, rules, scopes } of lists) {
      if (rules !== undefined) checkRules(rules, path, scopes, context);
    }
  },
};

/** The scopes that the file declares of a resource; `undefined`: it declares none of it, or takes any. */
function declaredScopes({ sections, settings }: CheckContext, key: string): readonly string[] | undefined {
  const isMeant = (identifier: ResourceIdentifier) => identifier === key || shortIdOf(identifier) === key;
  const declared = sections.resources?.find(({ identifier }) => isMeant(identifier))?.scopes;
  const behind = sections.servers?.find((server) => isMeant(serverAddress(issuerOf(settings), server)));
  const scopes = declared ?? (behind && scopesOfServer(behind));
  return scopes?.length ? scopes.map(({ name }) => name) : undefined;
}

/** What is wrong with rules at a path of a section. @param scopes that there are; `undefined`: any */
export function checkRules(
  rules: readonly DeclaredRule[],
  path: Path,
  scopes: readonly string[] | undefined,
  context: CheckContext,
): void {
  if (!rules.some(({ allow }) => allow !== undefined)) {
    const expected = "an allow: rule too, such as allow: { everyone: true }; else nobody has access";
    context.problem(path, "rules that only deny", expected);
  }
  // Of providers that are wrong themselves nobody knows what rules may say of them.
  const providers = context.isUnreadable("providers") ? undefined : providersIn(context);
  for (const [index, rule] of rules.entries()) {
    const effect = rule.allow === undefined ? "deny" : "allow";
    const { group = [], provider = [] } = rule[effect] ?? {};
    if (providers !== undefined) {
      const names = providers.map(({ name }) => name);
      for (const [at, name] of provider.entries()) {
        if (names.includes(name)) continue;
        context.problem([...path, index, effect, "provider", at], name, `a provider: ${names.join(", ")}`);
      }
      checkGroups(group, providers, (at, found, expected) =>
        context.problem([...path, index, effect, "group", at], found, expected),
      );
    }
    for (const [at, name] of (rule.scopes ?? []).entries()) {
      if (scopes === undefined || scopes.includes(name)) continue;
      context.problem([...path, index, "scopes", at], name, `a scope of it: ${scopes.join(", ")}`);
    }
  }
}

function refuse(context: z.RefinementCtx, input: string, message: string): never {
  context.issues.push({ code: "custom", input, message });
  return z.NEVER;
}
