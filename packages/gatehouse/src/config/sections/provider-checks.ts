import { defaultProvider } from "../../oauth/ports.ts";
import type { Values } from "../environment-variables.ts";
import { checkTogether } from "./provider-overlaps.ts";
import type { KnownPart, Tell } from "./provider-parts.ts";
import { checkProvider } from "./provider-settings.ts";
import type { DeclaredProviders } from "./providers.ts";
import type { CheckContext } from "./section.ts";

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
