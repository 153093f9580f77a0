import { createHmac } from "node:crypto";
import { isDocumented } from "../clients/client.ts";
import { certainName } from "../clients/evidence.ts";
import type { ConnectedApp } from "../messages/page.ts";
import type { Client, Grant, Resource } from "../records.ts";
import { offlineAccess, parseScope, remainingScope } from "../scope.ts";
import type { Services } from "../services.ts";
import type { GrantUse } from "../store/uses.ts";
import type { ClientId, ResourceIdentifier, Subject } from "../values.ts";
import type { LiveSession } from "./session.ts";

/*
 * The installations of apps that may act for a person: a grant each. What the app is, what it may do and
 * since when, in what the consent page would say of it.
 */

/** More than anybody looks through; of a program's thousands the newest. */
const shownAtOnce = 100;

export interface ConnectedApps {
  /** The newest first. */
  readonly apps: readonly ConnectedApp[];
  /** How many there are in all. */
  readonly count: number;
}

export async function connectedApps(services: Services, { account }: LiveSession): Promise<ConnectedApps> {
  const { apps, count } = await connectedAppsOf(services, account.subject);
  return { apps, count };
}

/** The same of anybody, with how many browsers they are signed in with. */
export async function connectedAppsOf(
  services: Services,
  subject: Subject,
): Promise<ConnectedApps & { readonly sessions: number }> {
  const { clock, store } = services;
  const { sessions, grants } = await store.findHoldings(subject, clock.now());
  const shown = grants.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, shownAtOnce);
  const apps = await appsOf(services, shown);
  return { apps, count: grants.length, sessions };
}

/** What grants say of themselves on a page. Each client and each server is looked up once. */
export async function appsOf(
  { store }: Pick<Services, "store">,
  shown: readonly Grant[],
): Promise<readonly ConnectedApp[]> {
  const clients = new Map<ClientId, Client | undefined>();
  const resources = new Map<ResourceIdentifier, Resource | undefined>();
  for (const { clientId, resource } of shown) {
    if (!clients.has(clientId)) clients.set(clientId, await store.findClient(clientId));
    if (resource !== undefined && !resources.has(resource)) {
      resources.set(resource, await store.findResource(resource));
    }
  }
  const uses = await store.findUses(shown.map(({ id }) => id));
  return shown.map((grant) => ({
    ...describe(grant, clients.get(grant.clientId), grant.resource && resources.get(grant.resource)),
    ...lastUse(grant, uses.get(grant.id)),
  }));
}

type LastUse = Pick<ConnectedApp, "usedAt" | "address">;

/** @param use `undefined`: the grant ended just now */
export function lastUse({ rotatedAt }: Grant, use: Omit<GrantUse, "grantId"> | undefined): LastUse {
  return { usedAt: use?.usedAt ?? rotatedAt, address: use?.address };
}

function describe(
  grant: Grant,
  client: Client | undefined,
  resource: Resource | undefined,
): Omit<ConnectedApp, keyof LastUse> {
  const scopes = parseScope(remainingScope(grant.scope, grant.standing)).filter(
    (name) => name !== offlineAccess,
  );
  return {
    grant: grant.id,
    client: {
      id: grant.clientId,
      name: client?.metadata.name,
      certainName: client && certainName(client, client.redirectUris[0] ?? ""),
      vouchedBy: client && (isDocumented(client) ? "document" : vouchedBy(client)),
    },
    resource: grant.resource && { identifier: grant.resource, name: resource?.name },
    scopes: scopes.map((name) => ({
      name,
      sentence: resource?.scopes.find((scope) => scope.name === name)?.sentence,
    })),
    connectedAt: grant.createdAt,
    endsAt: grant.expiresAt,
  };
}

const vouchedBy = ({ dynamicallyRegistered }: Client) =>
  dynamicallyRegistered ? "self-asserted" : "operator";

/** The CSRF value of everything that the page of connected apps offers. */
export function appsToken(session: LiveSession): string {
  return createHmac("sha256", session.secret).update("connected apps").digest("base64url");
}
