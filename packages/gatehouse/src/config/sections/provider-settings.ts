import { microsoftHost, presets } from "../../identity/openid/presets.ts";
import { isGuid, isManyTenants, kindOf, type ProviderKind } from "./provider-meaning.ts";
import { neededBy, ofAll, ofKind, ofMicrosoft } from "./provider-members.ts";
import type { KnownPart, Member, TellOf } from "./provider-parts.ts";
import { checkTrust } from "./provider-trust.ts";

/** What is wrong with one provider by itself: what its kind lacks, and what another kind has. */
export function checkProvider(part: KnownPart, tell: TellOf): void {
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
  for (const member of neededBy[kind]) missing(part, member, whatIsNeeded(member, kind), tell);
  if (kind === "openid") checkOpenId(part, tell);
  if (kind === "github") checkGithub(part, tell);
  if (part.revalidate_grace !== undefined && part.revalidate === undefined && !part.wrong.has("revalidate")) {
    tell("revalidate_grace", "a grace", "revalidate: too, which it is the grace of");
  }
}

function misplaced(part: KnownPart, kind: ProviderKind): Member[] {
  const allowed = [...ofAll, ...ofKind[kind], ...(part.preset === "microsoft" ? ofMicrosoft : [])];
  const impliesIssuer = part.preset !== undefined && presets[part.preset].issuer !== undefined;
  const { wrong: _, ...members } = part;
  return (Object.keys(members) as Member[]).filter(
    (member) => !allowed.includes(member) || (member === "issuer" && impliesIssuer),
  );
}

function whatIsNeeded(member: Member, kind: ProviderKind): string {
  if (member === "client_secret") return "the client secret that belongs to it, or file: and a path";
  return `the client id that ${kind === "github" ? "the OAuth app" : "the provider"} has for this server`;
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

function checkGithub(part: KnownPart, tell: TellOf): void {
  const { host, scopes, organizations, address, trust_email: trusted, wrong } = part;
  if (host !== undefined && /(?:^|\.)github\.com$/.test(new URL(host).hostname)) {
    tell("host", host, "nothing for github.com: host: is an Enterprise Server's");
    return;
  }
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
