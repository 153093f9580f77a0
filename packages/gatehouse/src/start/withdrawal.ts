import { domainToUnicode } from "node:url";
import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import type { ProviderConfig } from "../config/providers.ts";
import { githubEndpoints } from "../identity/github/endpoints.ts";
import { passkeyIssuer } from "../identity/passkey/relying-party.ts";
import type { KnownAccount } from "../oauth/records.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import type { Subject } from "../oauth/values.ts";
import type { Reloadable } from "./reload.ts";

export interface Withdrawal extends Reloadable {
  stop(): Promise<void>;
}

/** People a look takes at once: nobody else waits for it long. */
const batch = 200;
const retryAfterMs = 5000;

/**
 * Whenever the configuration gives a domain to another provider, people of the former one lose their
 * addresses there, and with them what was given out for these (V22): at the start, since the file may have
 * changed meanwhile, and after each reload. Goes on until it is done; of several processes each does it, and
 * the second finds nothing.
 */
export function startWithdrawal(config: Config, store: Store, log: Logger): Withdrawal {
  let current = config;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  let work = Promise.resolve();

  function begin(): void {
    work = work
      .then(() => withdrawAll(current, store, log, () => stopped))
      .catch((error: unknown) => {
        if (stopped) return;
        if (!(error instanceof StoreUnavailableError)) {
          log.warn(
            { err: error },
            "addresses that another provider speaks for now are still where they were",
          );
        }
        retry = setTimeout(begin, retryAfterMs).unref();
      });
  }

  begin();
  return {
    apply(changed) {
      current = changed;
      clearTimeout(retry);
      begin();
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      return work;
    },
  };
}

async function withdrawAll(
  { providers, settings }: Config,
  store: Store,
  log: Logger,
  isStopped: () => boolean,
): Promise<void> {
  if (providers.length < 2) return;
  for (const provider of providers) {
    for (const domain of Array.isArray(provider.domains) ? provider.domains : []) {
      const people = await withdrawAt(domain, provider, settings.issuer, store, isStopped);
      if (people === 0) continue;
      const facts = { domain, provider: provider.name, people };
      log.warn(
        facts,
        "so many people of other providers lost their addresses, which this one speaks for now",
      );
    }
  }
}

async function withdrawAt(
  domain: string,
  provider: ProviderConfig,
  issuer: string,
  store: Store,
  isStopped: () => boolean,
): Promise<number> {
  const domains = [domain, domainToUnicode(domain)];
  let withdrawn = 0;
  let after: Subject | undefined;
  while (!isStopped()) {
    const people = await store.listAccountsAt(domains, { after, limit: batch });
    for (const person of people) {
      if (isOf(provider, person, issuer)) continue;
      if (await store.withdrawAddress(person.subject, person.email)) withdrawn++;
    }
    if (people.length < batch) break;
    after = people.at(-1)?.subject;
  }
  return withdrawn;
}

/**
 * Whether a person is of this provider, also when it had another name, as one that moves from the variables
 * to the file has.
 */
function isOf(provider: ProviderConfig, person: KnownAccount, ownIssuer: string): boolean {
  return person.provider === provider.name || issuersOf(provider, ownIssuer).some((of) => of(person.issuer));
}

function issuersOf(provider: ProviderConfig, ownIssuer: string): ((issuer: string) => boolean)[] {
  const exactly = (expected: string) => (issuer: string) => issuer === expected;
  switch (provider.kind) {
    case "github":
      return [exactly(githubEndpoints(provider.host).issuer)];
    case "passkey":
      return [exactly(passkeyIssuer(ownIssuer))];
    case "development":
      return [];
    case "openid": {
      if (provider.preset !== "microsoft") return [exactly(provider.issuer)];
      // Its tenant may be named by a domain, which says nothing of the issuer but its host.
      const { origin } = new URL(provider.issuer);
      return [(issuer) => URL.canParse(issuer) && new URL(issuer).origin === origin];
    }
  }
}
