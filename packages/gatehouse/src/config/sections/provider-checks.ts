import { microsoftHost, personalTenant, presets } from "../../identity/openid/presets.ts";
import { defaultProvider } from "../../oauth/ports.ts";
import type { Values } from "../environment-variables.ts";
import type { Path } from "../yaml-tree.ts";
import {
  isGuid,
  isManyTenants,
  issuersOf,
  kindOf,
  mayBeTheSame,
  type ProviderKind,
  titleOf,
} from "./provider-meaning.ts";
import type { DeclaredProvider, DeclaredProviders, KnownPart } from "./providers.ts";
import type { CheckContext } from "./section.ts";

type Member = keyof DeclaredProvider;
type Tell = (path: Path, found: string, expected: string) => void;
/** The same, below one provider. */
type TellOf = (member: Member | undefined, found: string, expected: string) => void;

/** What is wrong with the providers of a file, each by itself and all of them together. */
export function checkProviders(providers: readonly KnownPart[], tell: Tell): void {
  for (const [index, part] of providers.entries()) {
    checkProvider(part, (member, ...what) => tell(member === undefined ? [index] : [index, member], ...what));
  }
  checkTogether(providers, tell);
}

/** What is wrong beside the provider of the variables, which is another one, and first. */
export function checkBesideVariables(providers: DeclaredProviders, context: CheckContext): void {
  const { settings, mode, problem } = context;
  for (const [index, { kind }] of providers.entries()) {
    if (kind !== "development" || mode !== "serve") continue;
    problem(
      [index, "kind"],
      "development, where whoever types an address is that person",
      "another kind: development is for gatehouse dev alone",
    );
  }
  const ofVariables = describeVariables(settings);
  if (ofVariables === undefined) {
    if (settings.ALLOWED_DOMAINS !== undefined) {
      const expected = "domains: at each provider instead; it limits the provider of OAUTH2_CLIENT_ID alone";
      problem([], "ALLOWED_DOMAINS, which none of these providers heeds", expected);
    }
    return;
  }
  if (ofVariables.domains === undefined) {
    const expected = `ALLOWED_DOMAINS too, the domains whose addresses the provider of OAUTH2_CLIENT_ID may speak for: it is one of ${providers.length + 1}`;
    problem([], "no ALLOWED_DOMAINS", expected);
  }
  // What is wrong without it has been told.
  const parts = providers.map((provider) => ({ ...provider, wrong: new Set<string>() }));
  checkTogether([ofVariables, ...parts], ([first, ...rest], ...what) => {
    if (first !== 0) problem([Number(first) - 1, ...rest], ...what);
  });
}

function describeVariables(settings: Partial<Values>): KnownPart | undefined {
  const { OAUTH2_CLIENT_ID: id, OAUTH2_CLIENT_SECRET: secret, UPSTREAM_ISSUER, ALLOWED_DOMAINS } = settings;
  if (id === undefined && secret === undefined) return undefined;
  return {
    name: defaultProvider,
    kind: "openid",
    issuer: UPSTREAM_ISSUER,
    domains: ALLOWED_DOMAINS,
    wrong: new Set(),
  };
}

// -- one

function checkProvider(part: KnownPart, tell: TellOf): void {
  const kind = kindOf(part);
  if (kind === undefined) {
    if (part.wrong.has("kind") || part.wrong.has("preset")) return;
    tell(undefined, "neither kind: nor preset:", "one of them: kind: github, passkey or openid, or a preset");
    return;
  }
  if (part.preset !== undefined && kind !== "openid") {
    tell("preset", part.preset, `none beside kind: ${kind}; presets are of the kind openid`);
    return;
  }
  for (const member of misplaced(part, kind)) {
    const of =
      member === "tenant" || member === "tenants" ? "preset: microsoft has one" : "it is of another kind";
    tell(member, `${member}:`, `nothing: ${part.preset ?? kind} has no such setting (${of})`);
  }
  if (kind === "openid" || kind === "github") {
    const where = kind === "github" ? "the OAuth app" : "the provider";
    missing(part, "client_id", `the client id that ${where} has for this server`, tell);
    missing(part, "client_secret", "the client secret that belongs to it, or file: and a path", tell);
  }
  if (kind === "openid") checkOpenId(part, tell);
  if (kind === "github") checkGithub(part, tell);
  if (part.revalidate_grace !== undefined && part.revalidate === undefined && !part.wrong.has("revalidate")) {
    tell("revalidate_grace", "a grace", "revalidate: too, which it is the grace of");
  }
}

const openId: readonly Member[] = [
  ...(["client_id", "client_secret", "issuer", "scopes", "trust_email", "email_claim", "address"] as const),
  ...(["groups_claim", "revalidate", "revalidate_grace", "backchannel_logout"] as const),
];
const ofKind: Readonly<Record<ProviderKind, readonly Member[]>> = {
  openid: openId,
  github: [
    ...(["client_id", "client_secret", "scopes", "trust_email", "address", "organizations", "host"] as const),
    ...(["revalidate", "revalidate_grace"] as const),
  ],
  passkey: [],
  development: [],
};
const ofAll: readonly Member[] = ["name", "kind", "preset", "title", "domains"];
const ofMicrosoft: readonly Member[] = ["tenant", "tenants", "host"];

function misplaced(part: KnownPart, kind: ProviderKind): Member[] {
  const allowed = [...ofAll, ...ofKind[kind], ...(part.preset === "microsoft" ? ofMicrosoft : [])];
  const impliesIssuer = part.preset !== undefined && presets[part.preset].issuer !== undefined;
  const { wrong: _, ...members } = part;
  return (Object.keys(members) as Member[]).filter(
    (member) => !allowed.includes(member) || (member === "issuer" && impliesIssuer),
  );
}

function missing(part: KnownPart, member: Member, expected: string, tell: TellOf): void {
  if (part[member] === undefined && !part.wrong.has(member)) tell(member, "nothing", expected);
}

function checkOpenId(part: KnownPart, tell: TellOf): void {
  const { preset, issuer, scopes } = part;
  if (preset === "microsoft") checkTenants(part, tell);
  else if (preset !== "google") missing(part, "issuer", "the provider's issuer, to the letter", tell);
  if (issuer !== undefined && preset !== "microsoft" && isManyTenants(tenantIn(issuer))) {
    tell(
      "issuer",
      `the tenants "${tenantIn(issuer)}"`,
      `preset: microsoft, with tenant: or tenants:; ${anybody}`,
    );
  }
  if (scopes !== undefined && !scopes.includes("openid")) {
    tell("scopes", "no openid among them", "openid too, without which there is no ID token");
  }
  checkTrust(part, tell);
}

const tenantIn = (issuer: string) =>
  issuer.startsWith(`${microsoftHost}/`) ? (issuer.slice(microsoftHost.length + 1).split("/")[0] ?? "") : "";

const anybody =
  "with common, organizations or consumers everybody who makes a tenant of their own could sign in, and say there that their address is yours";

/** V24. */
function checkTenants(part: KnownPart, tell: TellOf): void {
  const { tenant, tenants, wrong } = part;
  if (wrong.has("tenant") || wrong.has("tenants")) return;
  if (tenant === undefined && tenants === undefined) {
    tell(
      "tenant",
      "nothing",
      "the tenant whose accounts may sign in, by GUID or domain, or tenants: with several GUIDs",
    );
  } else if (tenant !== undefined && tenants !== undefined) {
    tell("tenants", "tenant: too", "one of the two");
  } else if (tenant !== undefined && isManyTenants(tenant)) {
    tell("tenant", tenant, `the GUID or a domain of your tenant: ${anybody}`);
  } else if (tenant !== undefined && !isGuid(tenant) && !tenant.includes(".")) {
    tell("tenant", tenant, "a GUID, or a whole domain such as example.onmicrosoft.com");
  }
}

/**
 * V15: where strangers can have an account whose address they choose, believing it unproven would let each of
 * them be anybody.
 */
function checkTrust(part: KnownPart, tell: TellOf): void {
  if (part.trust_email !== true) return;
  const takeover =
    "whoever makes an account there and gives it the address of one of your people would be let in as that person";
  const { preset, domains } = part;
  if (preset !== undefined && presets[preset].trustEmail === "never") {
    tell("trust_email", "true", `nothing: ${presets[preset].title} is open to strangers, and ${takeover}`);
  } else if (preset === "microsoft" && !isOneTenant(part)) {
    tell(
      "trust_email",
      "true",
      `exactly one tenant beside it, of an organisation: in another tenant ${takeover}`,
    );
  } else if (kindOf(part) === "github" && part.host === undefined && !part.wrong.has("host")) {
    tell("trust_email", "true", `nothing: GitHub verifies addresses itself, and ${takeover}`);
  } else if (!Array.isArray(domains) && !part.wrong.has("domains")) {
    tell(
      "trust_email",
      "true",
      `domains: with the domains whose addresses it may speak for: without, ${takeover}, whatever their domain is`,
    );
  }
}

function isOneTenant({ tenant, tenants, wrong }: KnownPart): boolean {
  if (wrong.has("tenant") || wrong.has("tenants")) return true; // told already
  const [only, ...others] = tenants ?? (tenant === undefined ? [] : [tenant.toLowerCase()]);
  return only !== undefined && others.length === 0 && only !== personalTenant;
}

function checkGithub(part: KnownPart, tell: TellOf): void {
  const { host, scopes, organizations, address, trust_email: trusted, wrong } = part;
  checkTrust(part, tell);
  if (
    host !== undefined &&
    !trusted &&
    address === undefined &&
    !wrong.has("trust_email") &&
    !wrong.has("address")
  ) {
    tell(
      undefined,
      "an Enterprise Server, which verifies no address",
      "trust_email: true with domains:, if you answer for the addresses there, or address: optional",
    );
  }
  if (scopes === undefined) return;
  const asks = (...names: string[]) => names.some((name) => scopes.includes(name));
  if (address === undefined && !asks("user:email", "user")) {
    tell("scopes", "no user:email among them", "user:email too, by which addresses are read");
  }
  if (organizations !== undefined && !asks("read:org", "write:org", "admin:org")) {
    tell("scopes", "no read:org among them", "read:org too, by which organisations are read");
  }
}

// -- all of them together

function checkTogether(providers: readonly KnownPart[], tell: Tell): void {
  const names = new Set<string>();
  const titles = new Map<string, string>();
  const issuers: { readonly issuer: string; readonly name: string }[] = [];
  for (const [index, part] of providers.entries()) {
    const name = part.name ?? `number ${index + 1}`;
    if (part.name !== undefined && names.has(part.name)) {
      const whose = part.name === defaultProvider ? ", which is the one of OAUTH2_CLIENT_ID" : "";
      tell([index, "name"], part.name, `a name that no other provider has${whose}`);
    }
    const title = titleOf(part) ?? name;
    const sameTitle = titles.get(title);
    if (sameTitle !== undefined) {
      tell(
        [index, "title"],
        JSON.stringify(title),
        `a text of its own: people cannot tell it from ${sameTitle}`,
      );
    }
    const own = issuersOf(part);
    const same = issuers.find((each) => own.some((issuer) => mayBeTheSame(issuer, each.issuer)));
    if (same !== undefined) {
      const wildcard = [same.issuer, ...own].some((issuer) => issuer.endsWith("/*"));
      const why = wildcard ? "; tenants by GUID tell them apart, a domain may be another name of any" : "";
      const found = `people of ${same.issuer.replace(/\/\*$/, "")}, as at ${same.name}`;
      tell([index], found, `another issuer: nobody could say through which of them somebody came${why}`);
    }
    names.add(name);
    titles.set(title, name);
    issuers.push(...own.map((issuer) => ({ issuer, name })));
  }
  checkDomains(providers, tell);
}

/** V17: at most one provider speaks for an address. */
function checkDomains(providers: readonly KnownPart[], tell: Tell): void {
  const speaking = new Map<string, string>();
  for (const [index, { domains, wrong, ...part }] of providers.entries()) {
    const name = part.name ?? `number ${index + 1}`;
    if (domains === undefined && providers.length > 1 && !wrong.has("domains") && name !== defaultProvider) {
      const expected =
        'the domains whose addresses it may speak for, or "*" for what no other provider names';
      tell([index, "domains"], "nothing", `${expected}: there are ${providers.length} providers`);
    }
    for (const [at, domain] of (typeof domains === "string" ? [domains] : (domains ?? [])).entries()) {
      const other = speaking.get(domain);
      if (other !== undefined) {
        const path = domain === "*" ? [index, "domains"] : [index, "domains", at];
        const mend = other === name ? "it once" : `it at one provider alone; ${other} names it too`;
        tell(path, JSON.stringify(domain), mend);
      }
      speaking.set(domain, name);
    }
  }
}
