import type { IdentityProvider, IdentityProviders } from "../../oauth/ports.ts";
import { SignInError } from "../../oauth/ports.ts";
import { withOwn, wrapProviders } from "../../oauth/wrapped-providers.ts";
import type { CurrentSpan } from "./requests.ts";
import { spanKinds } from "./span.ts";

/** Identity providers whose part of a request is a span of it. */
export function tracedProviders(providers: IdentityProviders, current: CurrentSpan): IdentityProviders {
  return wrapProviders(providers, (provider) => withSpans(provider, current));
}

function withSpans(provider: IdentityProvider, current: CurrentSpan): IdentityProvider {
  async function told<T>(name: string, work: () => Promise<T>): Promise<T> {
    const attributes = { "gatehouse.provider": provider.name };
    const span = current.getStore()?.span.child({ name, kind: spanKinds.client, attributes });
    try {
      const answer = await work();
      span?.end();
      return answer;
    } catch (error) {
      const isFault = !(error instanceof SignInError && error.code === "access_denied");
      span?.end(error instanceof SignInError ? error.code : "Error", isFault);
      throw error;
    }
  }
  const { confirm } = provider;
  return withOwn(provider, {
    signInUrl: (...values) => told("signInUrl", () => provider.signInUrl(...values)),
    completeSignIn: (...values) => told("completeSignIn", () => provider.completeSignIn(...values)),
    ...(confirm && { confirm: (...values) => told("confirm", () => confirm.apply(provider, values)) }),
  });
}
