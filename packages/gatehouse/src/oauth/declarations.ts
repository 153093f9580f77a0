import type { Client, Declared, Resource } from "./records.ts";
import type { ResourceIdentifier, Seconds, SecretHash } from "./values.ts";

/*
 * Resources and clients that the operator declares in a file instead of adding them by a command.
 */

/** What a file speaks of, each by itself; what stands behind this server is a resource too. */
export type DeclaredKind = "resources" | "servers" | "clients";

/** Whether a file that declared it does so no more: for the protocol it is not there. */
export function hasLeft({ declared }: Pick<Resource | Client, "declared">): boolean {
  return declared?.leftAt !== undefined;
}

/** How long what left the file may come back to its grants. */
export const leftFor = 86_400 as Seconds;

/** All of a kind, as one file says it. */
export interface Declaration<T> {
  /** Of all of it: two files that say the same have the same. */
  readonly fingerprint: string;
  readonly items: readonly T[];
}

/** A resource; `declared` says where it stands, and what it must be to count as unchanged. */
export type DeclaredResource = Resource &
  Required<Pick<Resource, "declared">> & { readonly credentialHash: SecretHash };

export type DeclaredClient = Client & Required<Pick<Client, "declared">>;

/** What the file says of each kind; of what is `undefined` it says nothing. */
export interface Declarations {
  readonly resources?: Declaration<DeclaredResource> | undefined;
  /** Resources that stand behind this server and ask about no token: see {@link credentialOfNobody}. */
  readonly servers?: Declaration<DeclaredResource> | undefined;
  readonly clients?: Declaration<DeclaredClient> | undefined;
}

/** In the place of a credential's hash: no secret hashes to it. */
export const credentialOfNobody = (identifier: ResourceIdentifier) => `none: ${identifier}` as SecretHash;

const standsBehind = ({ credentialHash }: Found<unknown>) => credentialHash?.startsWith("none: ") === true;

/** One resource or client. */
export interface DeclaredName {
  readonly kind: Exclude<DeclaredKind, "servers">;
  readonly id: string;
}

/** How declaring ended. See `DeclarationStore.declare`. */
export type DeclarationOutcome =
  | {
      readonly outcome: "declared";
      /** Those that were not there, or were different. */
      readonly changed: readonly DeclaredName[];
      readonly returned: readonly DeclaredName[];
      readonly left: readonly DeclaredName[];
    }
  /**
   * These left the file, and come back as something else or too late: what was granted for them ends first.
   */
  | { readonly outcome: "blocked"; readonly by: readonly DeclaredName[] }
  /** The credential of the first is that of the second, which was added by a command. */
  | { readonly outcome: "conflict"; readonly resource: string; readonly other: string };

/**
 * What of a kind stands in the store: all that are declared, and whatever has the id of one that is wanted.
 */
export interface Found<T> {
  readonly record: T;
  /** Of a resource. */
  readonly credentialHash?: SecretHash;
}

export interface Plan<T> {
  readonly blocked: readonly DeclaredName[];
  readonly conflict: { readonly resource: string; readonly other: string } | undefined;
  readonly write: readonly T[];
  readonly changed: readonly DeclaredName[];
  readonly returned: readonly DeclaredName[];
  readonly left: readonly DeclaredName[];
  /** Whose credential another one has from now on. */
  readonly stripped: readonly string[];
}

/**
 * What has to be done for the resources to be what a file says of those that ask by themselves and of those
 * that stand behind this server; `undefined`: it says nothing of either. Of what it does not speak of nothing
 * leaves.
 */
export function planResources(
  { resources, servers }: Declarations,
  found: readonly Found<Resource>[],
  now: Seconds,
): Plan<DeclaredResource> | undefined {
  if (resources === undefined && servers === undefined) return undefined;
  const items = [...(resources?.items ?? []), ...(servers?.items ?? [])];
  const speaksOf = (each: Found<Resource>) => (standsBehind(each) ? servers : resources) !== undefined;
  return planDeclaration("resources", items, found, now, speaksOf);
}

/** What has to be done for the declared clients to be what the file says. */
export const planClients = (
  { items }: Declaration<DeclaredClient>,
  found: readonly Found<Client>[],
  now: Seconds,
): Plan<DeclaredClient> => planDeclaration("clients", items, found, now);

/** @param speaksOf what leaves, if it is not among the items */
function planDeclaration<T extends DeclaredResource | DeclaredClient, R extends Resource | Client>(
  kind: DeclaredName["kind"],
  items: readonly T[],
  found: readonly Found<R>[],
  now: Seconds,
  speaksOf: (each: Found<R>) => boolean = () => true,
): Plan<T> {
  const byId = new Map(found.map((each) => [idOf(each.record), each]));
  const wanted = new Map(items.map((item) => [idOf(item), item]));
  const holders = new Map(
    items.flatMap((item) => ("credentialHash" in item ? [[item.credentialHash, idOf(item)]] : [])),
  );
  const names = (records: readonly (Resource | Client)[]) =>
    records.map((record): DeclaredName => ({ kind, id: idOf(record) }));
  const before = (item: T) => byId.get(idOf(item));
  const hadLeft = (item: T) => before(item)?.record.declared?.leftAt !== undefined;
  const taken = found.filter(({ record, credentialHash }) => {
    const holder = credentialHash && holders.get(credentialHash);
    return holder !== undefined && holder !== idOf(record);
  });
  const stranger = taken.find(({ record }) => record.declared === undefined && !wanted.has(idOf(record)));
  const blocked = items.filter(
    (item) => hadLeft(item) && !mayReturn(item, before(item)?.record.declared, now),
  );
  const isSame = (item: T) => {
    const there = before(item);
    const credential = "credentialHash" in item ? item.credentialHash : undefined;
    return there && contentOf(item, credential) === contentOf(there.record, there.credentialHash);
  };
  const changed = items.filter((item) => !hadLeft(item) && !isSame(item));
  return {
    blocked: names(blocked),
    conflict: stranger && {
      resource: (stranger.credentialHash && holders.get(stranger.credentialHash)) ?? "",
      other: idOf(stranger.record),
    },
    write: items.filter(
      (item) =>
        hadLeft(item) ||
        changed.includes(item) ||
        before(item)?.record.declared?.place !== item.declared.place,
    ),
    changed: names(changed),
    returned: names(items.filter(hadLeft)),
    left: names(
      found
        .filter(speaksOf)
        .map(({ record }) => record)
        .filter(
          (record) => record.declared && record.declared.leftAt === undefined && !wanted.has(idOf(record)),
        ),
    ),
    stripped: taken.map(({ record }) => idOf(record)),
  };
}

/** What left may come back to its grants for a day, if it is the same. */
function mayReturn(
  { declared }: DeclaredResource | DeclaredClient,
  before: Declared | undefined,
  now: Seconds,
) {
  return (before?.leftAt ?? now) + leftFor > now && before?.fingerprint === declared.fingerprint;
}

/** Everything a file says of one, in a form to compare. */
function contentOf(item: Resource | Client, credential?: SecretHash): string {
  const { declared } = item;
  if ("identifier" in item) {
    const { name, scopes, claims = [], previousCredential } = item;
    const listed = scopes.map(({ name, sentence, isDefault, isOptional }) => [
      name,
      sentence ?? "",
      isDefault ?? false,
      isOptional ?? false,
    ]);
    return JSON.stringify([
      declared?.fingerprint,
      name ?? "",
      listed,
      claims,
      previousCredential,
      credential,
    ]);
  }
  const { authMethod, redirectUris, metadata, dynamicallyRegistered } = item;
  const secrets = [item.secretHash, item.clearSecret, item.previousSecret];
  return JSON.stringify([
    declared?.fingerprint,
    authMethod,
    secrets,
    redirectUris,
    metadata.name ?? "",
    dynamicallyRegistered,
  ]);
}

export const idOf = (item: Resource | Client): string => ("identifier" in item ? item.identifier : item.id);
