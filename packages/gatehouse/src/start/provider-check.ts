import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { ClaimFate } from "../identity/openid/claim-fates.ts";
import type { Finding } from "../identity/openid/examination.ts";
import { adviceFor, describeDiscoveryFailure } from "../identity/openid/provider-advice.ts";
import { signInAttempt, startAttempt } from "../oauth/authorization/attempt.ts";
import { endpointUrls } from "../oauth/messages/endpoint-urls.ts";
import {
  type Clock,
  type Identity,
  type IdentityProvider,
  type Random,
  SignInError,
} from "../oauth/ports.ts";
import { describeProvider } from "./look-around.ts";
import { createSignIn, type Discoverable } from "./sign-in.ts";

export type { ClaimFate } from "../identity/openid/claim-fates.ts";
export type { Finding } from "../identity/openid/examination.ts";

/** An identity provider, to be tried without a server (V49). */
export interface CheckedProvider {
  readonly name: string;
  readonly title: string;
  /** What has to be registered there; `undefined`: nothing, it is this server itself. */
  readonly callbackUrl: string | undefined;
  /** Looks at all that needs no person. */
  examine(): Promise<ExaminedProvider>;
  /**
   * Begins a test sign-in, which nothing is stored of. Throws {@link SignInError}. `undefined` for accounts
   * of this server.
   */
  readonly startSignIn: (() => Promise<TestSignIn>) | undefined;
}

export interface ExaminedProvider {
  readonly findings: readonly Finding[];
  /** Why it ended early, in a sentence. */
  readonly problem: string | undefined;
  /** The same in two: the reason, and what to check. */
  readonly failure?: { readonly message: string; readonly advice: string };
}

export interface TestSignIn {
  /** Where the person's browser has to go. */
  readonly url: URL;
  /** @param answer the address at which it ends */
  complete(answer: URL): Promise<TestOutcome>;
}

export interface TestOutcome {
  readonly claims: readonly ClaimFate[];
  readonly person: Identity | undefined;
  /** Why nobody would be signed in. */
  readonly refusal: string | undefined;
}

/** @param warn told what a sign-in would write into the log besides */
export function providersToCheck(
  config: Config,
  { clock, random }: { readonly clock: Clock; readonly random: Random },
  warn: (message: string) => void,
): CheckedProvider[] {
  const urls = endpointUrls(config.settings.issuer);
  const log = { warn: (_: unknown, message?: string) => warn(message ?? "") } as Pick<Logger, "warn">;
  const { providers, discoverable, examinations } = createSignIn(config, urls, clock, log);
  return config.providers.map(({ name, title, kind }) => {
    // Passkeys need a database, and are nothing that could be out of reach.
    const provider = providers.find(name);
    const openid = discoverable.find((each) => each.config.name === name);
    const isOurs = kind === "passkey" || kind === "development" || provider === undefined;
    return {
      name,
      title,
      callbackUrl: isOurs ? undefined : urls.callbackOf(name),
      async examine() {
        const now = clock.now();
        const look = openid === undefined ? examinations.get(name) : openid.provider.examine;
        try {
          return { findings: look === undefined ? [] : await look(now), problem: undefined };
        } catch (error) {
          return { findings: [], ...describe(error, openid, config.providers.length === 1) };
        }
      },
      startSignIn: isOurs
        ? undefined
        : async () => {
            const attempt = signInAttempt(startAttempt(random), "select_account");
            const url = await provider.signInUrl(attempt);
            return { url, complete: (answer: URL) => outcomeOf(provider, openid, answer, attempt) };
          },
    };
  });
}

function describe(
  error: unknown,
  openid: Discoverable | undefined,
  isAlone: boolean,
): Pick<ExaminedProvider, "problem" | "failure"> {
  const message = error instanceof Error ? error.message : String(error);
  if (openid === undefined) return { problem: message };
  const about = describeProvider(openid.config, isAlone);
  return {
    problem: describeDiscoveryFailure(about, error),
    failure: { message, advice: adviceFor(about, error) },
  };
}

async function outcomeOf(
  provider: IdentityProvider,
  openid: Discoverable | undefined,
  answer: URL,
  attempt: Parameters<IdentityProvider["completeSignIn"]>[1],
): Promise<TestOutcome> {
  try {
    const { claims, person } =
      openid === undefined
        ? { claims: [], person: await provider.completeSignIn(answer, attempt) }
        : await openid.provider.explain(answer, attempt);
    if (!(person instanceof SignInError)) return { claims, person, refusal: undefined };
    return { claims, person: undefined, refusal: person.message };
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    return { claims: [], person: undefined, refusal: error.message };
  }
}
