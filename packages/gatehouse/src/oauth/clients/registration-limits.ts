import type { OAuthRequest } from "../messages/request.ts";
import type { Services } from "../services.ts";
import { subscriberOf } from "../subscriber.ts";
import { mac } from "../tokens/mac.ts";
import { seconds } from "../values.ts";

/*
 * Registration is open to everybody, and so is being known by a document. What is never used of that is held
 * within bounds (H21): the oldest go first, when an address or all together have too many; an address whose
 * young ones alone are too many has to wait.
 */

/**
 * Seconds. Nobody's neighbours push a registration out that is younger than this: its person may be signing
 * in.
 */
const settled = seconds(3600);

/** Of how many registrations one looks whether there is room. At random, so that nobody steps around it. */
const looksOneIn = 16;

/**
 * Whom a registration is from, as the store keeps it until it is used: a MAC of the address, so that a
 * database dump tells none.
 */
export function registrantOf({ settings }: Services, { address }: Pick<OAuthRequest, "address">): string {
  return mac(settings.secretKeys[0], `registered from ${subscriberOf(address)}`)
    .toString("base64url")
    .slice(0, 22);
}

/**
 * Makes room for one more, now and then. False while the registrant has as many as may be, and none of them
 * may go.
 */
export function createRegistrationRoom(services: Services): (registrant: string) => Promise<boolean> {
  // Each got here by that many registrations, so they are few.
  const full = new Set<string>();
  return async (registrant) => {
    if (!full.has(registrant) && !isChosen(services)) return true;
    const isThere = await ask(services, registrant);
    if (isThere) full.delete(registrant);
    else full.add(registrant);
    return isThere;
  };
}

/**
 * The same for clients known by a document, of which nobody is refused: they are slowed down by the fetches,
 * and come back by another.
 */
export async function boundDocumentedClients(services: Services, registrant: string): Promise<void> {
  if (isChosen(services)) await ask(services, registrant);
}

function isChosen({ random }: Services): boolean {
  return (random.bytes(1)[0] ?? 0) % looksOneIn === 0;
}

function ask({ clock, settings, store }: Services, from: string): Promise<boolean> {
  return store.makeRoom({ from, now: clock.now(), ...settings.unusedRegistrations, settled });
}
