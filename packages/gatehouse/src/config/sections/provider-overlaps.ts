import { defaultProvider } from "../../oauth/ports.ts";
import { issuersOf, mayBeTheSame, titleOf } from "./provider-meaning.ts";
import type { KnownPart, Tell } from "./provider-parts.ts";

/** What is wrong with several providers only because of each other (V01, V04, V17). */
export function checkTogether(providers: readonly KnownPart[], tell: Tell): void {
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
