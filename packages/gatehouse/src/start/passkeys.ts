import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { addressKey } from "../config/sections/people.ts";
import { inviteFirstPerson } from "../identity/passkey/invite.ts";
import type { PasskeyProvider } from "../identity/passkey/provider.ts";
import { hasPasskeys, type RelyingParty, rpIdOf } from "../identity/passkey/relying-party.ts";
import { resumeSignIn } from "../oauth/authorization/visit.ts";
import type { Clock, Events, IdentityProvider } from "../oauth/ports.ts";
import type { Settings } from "../oauth/settings.ts";
import type { Store } from "../oauth/store.ts";
import type { Reloadable } from "./reload.ts";
import { systemRandom } from "./system.ts";

type About = Pick<IdentityProvider, "name" | "title" | "domains"> & Pick<RelyingParty, "mayHold">;

/** What is of our own accounts, while there are any; else nothing of it is loaded. */
export interface Passkeys extends Reloadable {
  /** There is one of its kind at most. */
  createProvider(about: About): PasskeyProvider;
}

export const wantsPasskeys = ({ providers }: Pick<Config, "providers">) =>
  providers.some(({ kind }) => kind === "passkey");

/** Undefined when no provider is of this kind. */
export async function loadPasskeys(
  config: Config,
  store: Store,
  clock: Clock,
  events: Events,
  settings: Pick<Settings, "secretKeys">,
): Promise<Passkeys | undefined> {
  if (!wantsPasskeys(config)) return undefined;
  const { createPasskeyProvider } = await import("../identity/passkey/provider.ts");
  const { issuer } = config.settings;
  let groupsOf = groupsIn(config);
  let mayHold: About["mayHold"] = () => false;
  return {
    createProvider(about) {
      // Its pages stay those of the first, whatever is made anew when the configuration is read again.
      mayHold = about.mayHold;
      return createPasskeyProvider({
        ...about,
        issuer,
        store,
        clock,
        random: systemRandom,
        events,
        resume: (request, state) => resumeSignIn({ clock, settings }, request, state),
        mayHold: (email) => mayHold(email),
        groupsOf: (email) => groupsOf(email),
      });
    },
    apply(changed) {
      groupsOf = groupsIn(changed);
    },
  };
}

/** The groups that `people:` gives whoever has an address. */
function groupsIn({ sections: { people = [] } }: Config): (email: string) => readonly string[] {
  const byAddress = new Map(people.map(({ address, groups }) => [addressKey(address), groups]));
  return (email) => byAddress.get(addressKey(email)) ?? [];
}

/**
 * Brings accounts up to what `people:` says now, so that a rule about a group holds from the next refresh on
 * and not from the next sign-in (V45).
 */
async function bringGroupsUpToDate(config: Config, store: Store): Promise<void> {
  if (!wantsPasskeys(config)) return;
  const groupsOf = groupsIn(config);
  for (const { account, groups } of await store.listPasskeyPeople()) {
    if (!hasPasskeys(account, config.settings.issuer)) continue;
    const wanted = [...new Set([...groups, ...groupsOf(account.email)])];
    const found = account.groups ?? [];
    const same = wanted.length === found.length && wanted.every((group, at) => group === found[at]);
    if (!same) await store.changeGroups(account.subject, wanted);
  }
}

/** The same for a configuration that holds already: that it does not succeed undoes nothing. */
export async function tryBringingGroupsUpToDate(config: Config, store: Store, log: Logger): Promise<void> {
  try {
    await bringGroupsUpToDate(config, store);
  } catch (error) {
    log.warn(
      { err: error },
      "what people: says of groups could not be brought to the accounts: it holds from the next reload, start or sign-in on",
    );
  }
}

/**
 * What a start does about passkeys, once the database can be asked; each part may be done again.
 * @param announce told what is for the eyes of whoever started the server, and for no log
 */
export function passkeyWorks(
  config: Config,
  store: Store,
  clock: Clock,
  log: Logger,
  {
    announce,
    events,
  }: {
    readonly announce: ((text: string) => void) | undefined;
    readonly events: Pick<Events, "emit">;
  },
): (() => Promise<void>)[] {
  if (!wantsPasskeys(config)) return [];
  const { issuer } = config.settings;
  const isAlone = config.providers.length === 1;
  return [
    () => bringGroupsUpToDate(config, store),
    async () => {
      const rpId = rpIdOf(issuer);
      const passkeys = await store.countStrayPasskeys(rpId);
      if (passkeys > 0) {
        log.warn(
          { passkeys, host: rpId },
          "passkeys are here that were made for another host, and no browser offers them for this one: their people need an invitation each (gatehouse people invite), or BASE_URL its former host",
        );
      }
    },
    async () => {
      if (!isAlone || announce === undefined) return;
      const invited = await inviteFirstPerson({ issuer, store, clock, random: systemRandom });
      if (invited === undefined) return;
      const actor = { kind: "system", id: undefined } as const;
      const about = { subject: invited.subject, actor, detail: "for the first person, by the start" };
      events.emit({ name: "invitation_created", request: "-", ...about });
      announce(describeFirstInvitation(invited.link));
    },
  ];
}

function describeFirstInvitation(link: string): string {
  return `
Nobody can sign in yet. Open this link in your browser within an hour, and make the first passkey:

  ${link}

It is shown this once. Invite others with: gatehouse people invite ada@example.com
`;
}
