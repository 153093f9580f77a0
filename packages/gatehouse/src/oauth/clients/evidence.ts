import type { Destination, Suspicion } from "../messages/page.ts";
import type { KnownClientName } from "../reason.ts";
import type { Client } from "../records.ts";
import { describeRedirectUri } from "../redirects/redirect-uri.ts";
import { isDocumented } from "./client.ts";
import { clientClaimedBy, domainImitatedBy } from "./imitation.ts";
import { isOwnHost, knownClientAt, knownDocument } from "./known-clients.ts";

/*
 * What this server knows itself of who asks and where the answer goes, as opposed to what the client says:
 * the ground for what the consent page says in which colour, and for where an error may be sent unasked.
 */

export function destinationOf(
  { dynamicallyRegistered }: Pick<Client, "dynamicallyRegistered">,
  redirectUri: string,
): Destination {
  if (!dynamicallyRegistered) return "operator";
  if (describeRedirectUri(redirectUri).kind !== "web") return "local";
  return knownClientAt(redirectUri) === undefined ? "stranger" : "known";
}

/**
 * The name of the known client that this is for certain: because the answer goes to its own website, or by
 * the document it publishes.
 */
export function certainName(client: Client, redirectUri: string): KnownClientName | undefined {
  if (!client.dynamicallyRegistered) return undefined;
  const atHome = destinationOf(client, redirectUri) === "known" ? knownClientAt(redirectUri) : undefined;
  return (atHome ?? knownDocument(client.id))?.name;
}

/**
 * Of hosts that nobody vouches for: the one the answer goes to, and the one that publishes the client's
 * document.
 */
export function suspicionOf(client: Client, redirectUri: string): Suspicion | undefined {
  if (!client.dynamicallyRegistered) return undefined;
  const target = destinationOf(client, redirectUri) === "stranger" ? hostOf(redirectUri) : undefined;
  const publisher = isDocumented(client) && !knownDocument(client.id) ? hostOf(client.id) : undefined;
  const hosts = [target, publisher].filter((host) => host !== undefined);
  const claimed = knownDocument(client.id) ? undefined : clientClaimedBy(client.metadata.name ?? "");
  for (const host of hosts) {
    if (claimed && !isOwnHost(claimed, host)) return { kind: "name", host, imitates: claimed.name };
  }
  for (const host of hosts) {
    const imitates = domainImitatedBy(host);
    if (imitates !== undefined) return { kind: "host", host, imitates };
  }
  const host = hosts.find((candidate) => /(?:^|\.)xn--/.test(candidate));
  return host === undefined ? undefined : { kind: "punycode", host };
}

function hostOf(url: string): string {
  return new URL(url).hostname;
}
