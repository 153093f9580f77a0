import { type GroupName, groupNameShape } from "../../access/rules.ts";
import { defaultProvider } from "../../oauth/ports.ts";
import { configuredProviders, type ProviderConfig } from "../providers.ts";
import type { CheckContext } from "./section.ts";

/** What rules must know of a provider. */
export type ProviderFacts = Pick<ProviderConfig, "name" | "givesGroups">;

/** Those that are configured, in the operator's order; a command may not know the one of the variables. */
export function providersIn({ settings, sections, mode }: CheckContext): readonly ProviderFacts[] {
  const providers = configuredProviders(settings, sections, mode);
  return providers.length > 0 ? providers : [{ name: defaultProvider, givesGroups: false }];
}

/**
 * Which group a name in a rule is (V36): `work:admins`, where `work` is a provider; or `admins` alone, where
 * only one provider gives groups. Otherwise what would be expected there.
 */
export function readGroup(
  text: string,
  providers: readonly ProviderFacts[],
): GroupName | { readonly expected: string } {
  const giving = providers.filter(({ givesGroups }) => givesGroups).map(({ name }) => name);
  const [only, ...others] = giving;
  if (only === undefined) return { expected: "no group: none of the providers gives any" };
  const [, provider, name] = groupNameShape.exec(text) ?? [];
  if (provider !== undefined && name !== undefined) {
    // What only looks like a provider is refused: a deny rule about nobody would let everybody in.
    return giving.includes(provider)
      ? { provider, name }
      : { expected: `a provider that gives groups before the colon: ${giving.join(", ")}` };
  }
  if (others.length === 0) return { provider: only, name: text };
  return { expected: `the provider too: ${giving.map((each) => `${each}:${text}`).join(" or ")}` };
}

/** @param tell the position in the list, what was found and what was expected */
export function checkGroups(
  groups: readonly string[],
  providers: readonly ProviderFacts[],
  tell: (at: number, found: string, expected: string) => void,
): void {
  for (const [at, text] of groups.entries()) {
    const group = readGroup(text, providers);
    if ("expected" in group) tell(at, JSON.stringify(text), group.expected);
  }
}
