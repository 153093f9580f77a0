import { google, microsoftHost, personalTenant, presets } from "../../identity/openid/presets.ts";
import { kindOf } from "./provider-meaning.ts";
import type { KnownPart, TellOf } from "./provider-parts.ts";

/**
 * V15: where strangers can have an account whose address they choose, believing it unproven would let each of
 * them be anybody.
 */
export function checkTrust(part: KnownPart, tell: TellOf): void {
  if (part.trust_email !== true) return;
  const takeover =
    "whoever makes an account there and gives it the address of one of your people would be let in as that person";
  const { preset, domains, issuer } = part;
  if (issuer === google || (preset !== undefined && presets[preset].trustEmail === "never")) {
    const { title } = presets[preset ?? "google"];
    tell("trust_email", "true", `nothing: ${title} is open to strangers, and ${takeover}`);
  } else if (issuer === personal || (preset === "microsoft" && !isOneTenant(part))) {
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

const personal = `${microsoftHost}/${personalTenant}/v2.0`;
