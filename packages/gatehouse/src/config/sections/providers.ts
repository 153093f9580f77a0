import { getPublicSuffix } from "tldts";
import { z } from "zod";
import { presetNames } from "../../identity/openid/presets.ts";
import { canonicalHost, isIpLiteral } from "../../oauth/host.ts";
import { safeUrl } from "../parsers.ts";
import { lengthOfTime } from "./length-of-time.ts";
import { checkBesideVariables, checkProviders } from "./provider-checks.ts";
import type { KnownPart } from "./provider-parts.ts";
import { providerRules } from "./provider-rules.ts";
import { type Section, secret } from "./section.ts";

const words = (expected: string) => z.string().regex(/\S/, expected);

const url = (expected: string) =>
  z
    .string()
    .regex(/^https?:\/\/[^\s?#@\\]+$/i, expected)
    .refine((text) => safeUrl(text) !== undefined, { message: expected, when: isText });

const domainExpected = "a whole domain such as example.com; subdomains are listed one by one";
const domain = z
  .string()
  .regex(/^[^\s,:@*/]+\.[^\s,:@*/]+$/, domainExpected)
  .transform((text, context) => {
    const name = canonicalHost(text);
    const isSuffix = name !== undefined && getPublicSuffix(name) === name;
    if (name !== undefined && !isIpLiteral(name) && !isSuffix) return name;
    const message = isSuffix
      ? `${domainExpected}, not a public suffix, below which names are sold`
      : domainExpected;
    context.issues.push({ code: "custom", input: text, message });
    return z.NEVER;
  });

const provider = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/, "1 to 32 small letters, digits and -")
    .describe("How it is called in rules, in the log and in its callback, $BASE_URL/callback/<name>."),
  kind: z
    .enum(["openid", "github", "passkey", "development"])
    .optional()
    .describe(
      "openid: any OpenID Connect provider (a preset implies it); github: GitHub, or an Enterprise Server; passkey: accounts of this server; development: whoever types an address is that person, for gatehouse dev alone.",
    ),
  preset: z
    .enum(presetNames)
    .optional()
    .describe("What is known of a provider besides what it says of itself."),
  title: z
    .string()
    .regex(/^\S(?:.{0,62}\S)?$/, "a text of 1 to 64 characters")
    .optional()
    .describe("The text of its button; the preset's, or the host, when left out."),
  issuer: url("an https URL (http only on localhost) without user information, query and fragment")
    .optional()
    .describe("Its issuer, to the letter; google and microsoft imply theirs."),
  tenant: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,253}$/, "a GUID, or a domain of the tenant")
    .optional()
    .describe("microsoft: the tenant whose accounts may sign in."),
  tenants: z
    .array(
      z
        .string()
        .regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "the GUID of a tenant")
        .transform((text) => text.toLowerCase()),
    )
    .min(1)
    .max(100)
    .optional()
    .describe("microsoft: several tenants, by GUID."),
  client_id: words("the client id the identity provider gave you")
    .optional()
    .describe("Our client id there."),
  client_secret: secret(/\S/, "the client secret the identity provider gave you")
    .optional()
    .describe("Our client secret there."),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5B\x5D-\x7E]+$/, "the name of a scope, without spaces"))
    .min(1)
    .max(50)
    .optional()
    .describe("Asked for in place of the usual ones; with openid among them, except at GitHub."),
  domains: z
    .union([z.literal("*"), z.array(domain).min(1).max(10_000)], 'a list such as [example.com], or "*"')
    .optional()
    .describe(
      'Whose addresses it may speak for: whole domains, or "*" for every domain that no other provider names. With several providers each says it.',
    ),
  trust_email: z
    .boolean()
    .optional()
    .describe(
      "Its addresses count although it does not say that it verified them. See docs/providers/README.md.",
    ),
  email_claim: words("the name of a claim")
    .optional()
    .describe("The claim the address stands in; email when left out."),
  address: z
    .literal("optional")
    .optional()
    .describe("optional: people without a proven address are admitted, by subject and groups alone."),
  groups_claim: words("the name of a claim")
    .optional()
    .describe("The claim groups stand in; the preset's when left out."),
  organizations: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,38}$/, "the login of an organisation, as in its URL"))
    .min(1)
    .max(20)
    .optional()
    .describe("github: only active members of one of these may sign in."),
  host: url("the https URL of a server, without a path")
    .refine((text) => !URL.canParse(text) || new URL(text).pathname === "/", {
      message: "the https URL of a server, without a path",
    })
    .transform((text) => text.replace(/\/+$/, ""))
    .optional()
    .describe("github: an Enterprise Server; microsoft: another of Microsoft's clouds."),
  revalidate: lengthOfTime("15m", "a length of time such as 24h, at least 15m")
    .optional()
    .describe("Whoever was not seen by the provider for so long is checked again before the next refresh."),
  revalidate_grace: lengthOfTime("0", "a length of time such as 1h")
    .optional()
    .describe("How long that may wait while the provider cannot be reached; 1h when left out."),
  backchannel_logout: z
    .enum(["sessions", "grants"])
    .optional()
    .describe(
      "What a logout at the provider ends here: browser sessions, or grants too; sessions when left out.",
    ),
});

export type DeclaredProvider = z.output<typeof provider>;
/** Checked with the others of a file even where another is wrong, so that all is told at once. */
export const providersSchema = z
  .array(provider.meta({ allOf: providerRules }))
  .min(1)
  .max(50)
  .superRefine(
    (providers, context) =>
      checkProviders(knownParts(providers), (path, found, message) =>
        context.addIssue({ code: "custom", path: [...path], message, params: { found } }),
      ),
    { when: ({ value }) => Array.isArray(value) },
  );
export type DeclaredProviders = readonly DeclaredProvider[];

export const providersSection: Section<z.output<typeof providersSchema>> = {
  title: "Identity providers",
  meaning:
    "Where people sign in: one or several. The provider of the variables OAUTH2_CLIENT_ID, … is called `default` and comes first; these are added to it. See docs/providers/README.md.",
  schema: providersSchema,
  example: `providers:
  - name: work
    preset: microsoft
    title: Work account
    tenant: 11111111-2222-3333-4444-555555555555
    client_id: 0d8e…
    client_secret: { file: /run/secrets/entra }
    domains: [example.com]
    trust_email: true
  - name: github
    kind: github
    client_id: Ov23…
    client_secret: { file: /run/secrets/github }
    organizations: [acme]
    domains: "*"
`,
  check: checkBesideVariables,
};

function knownParts(providers: readonly unknown[]): KnownPart[] {
  return providers.map((each) => {
    if (typeof each !== "object" || each === null) return { wrong: new Set(Object.keys(provider.shape)) };
    const wrong = new Set<string>();
    const parts: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries<z.ZodType>(provider.shape)) {
      const value = (each as Record<string, unknown>)[key];
      if (value === undefined) continue;
      // What was read once reads again as itself.
      const result = schema.safeParse(value);
      if (result.success) parts[key] = result.data;
      else wrong.add(key);
    }
    return { ...parts, wrong };
  });
}

function isText({ value }: { readonly value: unknown }): boolean {
  return typeof value === "string";
}
