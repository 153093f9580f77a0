import type { ConfiguredKeys } from "../keys/keyring.ts";
import type { GrantCount, KnownKey } from "../oauth/store/keys.ts";
import { keyIdOf, keyName } from "../oauth/tokens/secret-keys.ts";
import type { Seconds } from "../oauth/values.ts";

/** A key as `gatehouse keys` speaks of it. */
export interface ListedKey {
  /** `undefined`: grants whose key was not noted. */
  readonly name: string | undefined;
  readonly use: "makes tokens" | "verifies" | "not configured" | "before keys were noted";
  readonly from: ConfiguredKeys["from"] | undefined;
  /** When a process first made tokens with it; `undefined`: before that was noted, or never. */
  readonly since: Seconds | undefined;
  readonly grants: number;
  readonly people: number;
  readonly fingerprints: readonly string[];
  /** Whether the process that started last makes tokens with it. */
  readonly latest: boolean;
}

/**
 * The keys that are configured, then those that are not although the database knows them or grants depend on
 * them.
 */
export function listKeys(
  { from, keys }: ConfiguredKeys,
  known: readonly KnownKey[],
  counts: GrantCount["byKey"],
): ListedKey[] {
  const left = new Map(counts.map((count) => [count.keyId, count]));
  const list = (fingerprints: readonly string[], as: Pick<ListedKey, "use" | "from">): ListedKey => {
    const its = known.filter(({ fingerprint }) => fingerprints.includes(fingerprint));
    const ids = fingerprints.map((fingerprint) => keyIdOf({ fingerprint }));
    const counted = ids.flatMap((id) => left.get(id) ?? []);
    for (const id of ids) left.delete(id);
    return {
      // By the reading that the database was used with.
      name: keyName(keyIdOf({ fingerprint: its[0]?.fingerprint ?? fingerprints[0] ?? "" })),
      since: its.some(({ since }) => since === undefined) ? undefined : its[0]?.since,
      grants: sum(counted.map(({ grants }) => grants)),
      people: sum(counted.map(({ people }) => people)),
      fingerprints,
      latest: its.some(({ fingerprint }) => fingerprint === known[0]?.fingerprint),
      ...as,
    };
  };
  const configured = keys.map(({ readings }, at) =>
    list(
      readings.map(({ fingerprint }) => fingerprint),
      { use: at === 0 ? "makes tokens" : "verifies", from },
    ),
  );
  const ours = configured.flatMap(({ fingerprints }) => fingerprints);
  const others = known
    .filter(({ fingerprint }) => !ours.includes(fingerprint))
    .map(({ fingerprint }) => list([fingerprint], { use: "not configured", from: undefined }));
  const lost = [...left.values()].map(({ keyId, grants, people }) => ({
    ...{ name: keyId === undefined ? undefined : keyName(keyId), from: undefined, since: undefined },
    use: keyId === undefined ? ("before keys were noted" as const) : ("not configured" as const),
    ...{ grants, people, fingerprints: [], latest: false },
  }));
  return [...configured, ...others, ...lost];
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
