import type { AdminList } from "../access/admins.ts";
import { canonicalHost } from "../oauth/host.ts";
import type { ConfigProblem } from "./config-errors.ts";
import type { ProviderConfig } from "./providers.ts";
import { readGroup } from "./sections/access-names.ts";

/** What `ADMINS` says, before it is known which providers there are. */
export interface NamedAdmins {
  readonly addresses: readonly string[];
  /** As they are written: `admins`, or `work:admins`. */
  readonly groups: readonly string[];
}

/** `ada@example.com,group:admins`; undefined for anything else. */
export function readAdmins(text: string): NamedAdmins | undefined {
  const addresses: string[] = [];
  const groups: string[] = [];
  for (const entry of text.split(",").map((each) => each.trim())) {
    const group = /^group:(\S(?:.*\S)?)$/.exec(entry)?.[1];
    const address = addressIn(entry);
    if (group !== undefined) groups.push(group);
    else if (address !== undefined) addresses.push(address);
    else return undefined;
  }
  return { addresses, groups };
}

/** In the form in which rules have addresses. */
function addressIn(entry: string): string | undefined {
  const [, local, domain] = /^([^\s@\p{C}]+)@([^\s@\p{C}]+)$/u.exec(entry) ?? [];
  const host = domain && canonicalHost(domain);
  if (local === undefined || !host || entry.length > 254) return undefined;
  return `${local.replace(/[A-Z]/g, (letter) => letter.toLowerCase())}@${host}`;
}

/** Undefined: there is no console. */
export function configuredAdmins(
  named: NamedAdmins | undefined,
  providers: readonly ProviderConfig[],
): AdminList | undefined {
  if (named === undefined) return undefined;
  const groups = named.groups.map((text) => readGroup(text, providers));
  return { addresses: named.addresses, groups: groups.filter((group) => "name" in group) };
}

/** Groups that are nobody's, or of more than one provider. */
export function adminProblems(
  named: NamedAdmins | undefined,
  providers: readonly ProviderConfig[],
): ConfigProblem[] {
  return (named?.groups ?? []).flatMap((text) => {
    const group = readGroup(text, providers);
    return "expected" in group
      ? [{ variable: "ADMINS", found: `group:${JSON.stringify(text)}`, expected: group.expected }]
      : [];
  });
}
