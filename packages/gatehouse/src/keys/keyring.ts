import { randomBytes } from "node:crypto";
import type { Settings } from "../oauth/settings.ts";
import type { KnownKey } from "../oauth/store/keys.ts";
import type { Store } from "../oauth/store.ts";
import {
  type ConfiguredKey,
  configuredKey,
  keyIdOf,
  keyName,
  type SecretKey,
} from "../oauth/tokens/secret-keys.ts";
import type { Seconds } from "../oauth/values.ts";
import { createKeyFile, KeyError, keyFileOf, readKeyFile } from "./key-file.ts";

/** Where the keys may come from. */
export interface KeySources {
  /** `SECRET_KEY`, newest first. */
  readonly secretKeys: readonly [string, ...string[]] | undefined;
  /** `SECRET_KEY_FILE`. */
  readonly secretKeyFile: string | undefined;
  /**
   * The embedded database, beside which a key file may stand; `:memory:`; `undefined` when the database is
   * elsewhere.
   */
  readonly databasePath: string | undefined;
}

export interface ConfiguredKeys {
  readonly from: "SECRET_KEY" | "SECRET_KEY_FILE" | "key file" | "memory";
  /** The file, if they are in one. */
  readonly path: string | undefined;
  /**
   * Newest first; none: the key file is missing, or nothing is configured for a database on another machine.
   */
  readonly keys: readonly ConfiguredKey[];
}

/** The keys of a process: the first makes tokens, all verify. */
export type Keyring = readonly [SecretKey, ...SecretKey[]];

/**
 * The keys as they are configured; a missing key file is not created.
 * @throws KeyError when a file of them is damaged, open to everybody, or, named by `SECRET_KEY_FILE`, missing
 */
export async function readKeys(sources: KeySources): Promise<ConfiguredKeys> {
  const { secretKeys, secretKeyFile, databasePath } = sources;
  const read = async (from: ConfiguredKeys["from"], path: string | undefined, texts: readonly string[]) => ({
    from,
    path,
    keys: await Promise.all(texts.map(configuredKey)),
  });
  if (secretKeys !== undefined) return read("SECRET_KEY", undefined, secretKeys);
  if (secretKeyFile !== undefined) {
    const texts = await readKeyFile(secretKeyFile, "operator");
    if (texts === undefined) throw new KeyError(`SECRET_KEY_FILE: there is no file ${secretKeyFile}`);
    return read("SECRET_KEY_FILE", secretKeyFile, texts);
  }
  if (databasePath === undefined)
    throw new KeyError("SECRET_KEY is needed with a database that others share");
  // As short-lived as the database itself.
  if (databasePath === ":memory:") return read("memory", undefined, [randomBytes(32).toString("base64url")]);
  const path = keyFileOf(databasePath);
  return read("key file", path, (await readKeyFile(path)) ?? []);
}

/** What a start found, for the log. */
export interface StartedKeys {
  readonly keyring: Keyring;
  /** With `acceptNewKey`: how many people have to sign in anew; `undefined` when it was not needed. */
  readonly signedOut: number | undefined;
}

export interface KeyStart {
  readonly store: Pick<Store, "findKeys" | "startWithKeys" | "countGrants">;
  readonly now: Seconds;
  /** `--accept-new-key`: start although no key made the tokens that live. */
  readonly acceptNewKey: boolean;
}

/**
 * The keys that a process starts with, once the database has agreed to them (X14, X15). A missing key file is
 * created, unless refresh tokens live that only its keys can verify.
 * @throws KeyError when tokens live and none of the keys made them
 */
export async function startKeys(configured: ConfiguredKeys, start: KeyStart): Promise<StartedKeys> {
  const { store, now, acceptNewKey } = start;
  const { known, live } = await store.findKeys(now);
  if (configured.keys.length === 0 && live && !acceptNewKey) throw await missingFile(configured, start);
  const lost = configured.keys.length === 0 && live;
  const present = configured.keys.length === 0 ? await createKeys(configured) : configured;
  const keyring = arrange(present, known, live && !lost);
  const strange = await admit(keyring, start);
  return { keyring, signedOut: lost || strange ? (await store.countGrants(now)).people : undefined };
}

/**
 * Lets the database agree to the keys of a start.
 * @returns whether it knows none of them although tokens live, which `acceptNewKey` allows
 * @throws KeyError where that is not allowed
 */
export async function admit(keyring: Keyring, start: KeyStart): Promise<boolean> {
  const { store, now, acceptNewKey } = start;
  const [first, ...rest] = keyring.map(({ fingerprint }) => fingerprint);
  const fingerprints = [first as string, ...rest] as const;
  if (await store.startWithKeys(fingerprints, now)) return false;
  if (!acceptNewKey) throw await noneKnown(keyring, start);
  await store.startWithKeys(fingerprints, now, "anyway");
  return true;
}

/** Whether a database with these notes would agree to the keys: see `startWithKeys`. Changes nothing. */
export function keysFit(
  { keys }: ConfiguredKeys,
  { known, live }: { readonly known: readonly KnownKey[]; readonly live: boolean },
): boolean {
  if (!live) return true;
  const readings = keys.flatMap((key) => key.readings);
  if (known.length === 0) return readings.length > 0;
  return known.some((key) => readings.some(({ fingerprint }) => fingerprint === key.fingerprint));
}

/**
 * By the rule a key is its characters; but where the database was used with the older reading of the newest
 * one, that goes on making tokens.
 */
function arrange({ from, keys }: ConfiguredKeys, known: readonly KnownKey[], live: boolean): Keyring {
  const [newest, ...older] = keys as [ConfiguredKey, ...ConfiguredKey[]];
  const fingerprints = known
    .filter(({ startedAt }) => startedAt !== undefined)
    .map(({ fingerprint }) => fingerprint);
  const before =
    known.length === 0 && live && from === "key file"
      ? newest.readings[1] // the database is older than the rule
      : newest.readings
          .filter(({ fingerprint }) => fingerprints.includes(fingerprint))
          .toSorted((a, b) => fingerprints.indexOf(a.fingerprint) - fingerprints.indexOf(b.fingerprint))[0];
  const first = before ?? newest.readings[0];
  return [first, ...[newest, ...older].flatMap(({ readings }) => readings).filter((each) => each !== first)];
}

/**
 * The keys by the rule alone, for a database that cannot be asked yet. Beside one on another machine there
 * never was a key file.
 */
export function arrangeByRule({ keys }: ConfiguredKeys): Keyring {
  const [newest, ...rest] = keys.flatMap(({ readings }) => readings);
  if (newest === undefined) throw new KeyError("SECRET_KEY is needed with a database that others share");
  return [newest, ...rest];
}

/** What the protocol is told of them. */
export function keySettings(keyring: Keyring): Pick<Settings, "secretKeys" | "keyId"> {
  const [first, ...rest] = keyring;
  return { secretKeys: [first.bytes, ...rest.map(({ bytes }) => bytes)], keyId: keyIdOf(first) };
}

/** What is wrong with the keys of a process that runs, and what whoever runs it should know of them. */
export interface KeyFindings {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const allIsWell: KeyFindings = { problems: [], warnings: [] };

/**
 * Holds the keys of a process against those that the database knows by now. Nothing can be verified where it
 * knows none of them, as after a restore under a running server; with several processes the one that started
 * last may make tokens with another key than this one (X-n7).
 * @param tell told the names of the keys, once a change
 */
export function keyCheck(
  keyring: Keyring,
  findKeys: () => Promise<{ readonly known: readonly KnownKey[]; readonly live: boolean }>,
  tell: (about: { readonly latest: string; readonly own: string }, warning: string) => void,
): () => Promise<KeyFindings> {
  const [own] = keyring;
  let told = own.fingerprint;
  return async () => {
    const { known, live } = await findKeys();
    const [latest] = known;
    if (latest === undefined || latest.fingerprint === own.fingerprint) {
      told = own.fingerprint;
      return allIsWell;
    }
    const ours = new Set(keyring.map(({ fingerprint }) => fingerprint));
    if (live && !known.some(({ fingerprint }) => ours.has(fingerprint))) {
      return { ...allIsWell, problems: ["the database was used with other keys than those of this process"] };
    }
    const warning = keyring.some(({ fingerprint }) => fingerprint === latest.fingerprint)
      ? "another process makes refresh tokens with another key than this one: give all the same keys in the same order"
      : "another process makes refresh tokens with a key that this one has not, and refuses here: give all the same keys";
    if (told !== latest.fingerprint) {
      tell({ latest: keyName(keyIdOf(latest)), own: keyName(keyIdOf(own)) }, warning);
      told = latest.fingerprint;
    }
    return { ...allIsWell, warnings: [warning] };
  };
}

async function createKeys({ from, path }: ConfiguredKeys): Promise<ConfiguredKeys> {
  if (path === undefined) throw new KeyError("SECRET_KEY is needed with a database that others share");
  return { from, path, keys: await Promise.all((await createKeyFile(path)).map(configuredKey)) };
}

async function missingFile({ path }: ConfiguredKeys, start: KeyStart): Promise<KeyError> {
  return new KeyError(
    `the key file ${path} is missing, but the database is in use: put it back (or set SECRET_KEY to what it held), or start once with --accept-new-key, and ${await people(start)} signs in anew`,
  );
}

async function noneKnown(keyring: Keyring, start: KeyStart): Promise<KeyError> {
  const { known } = await start.store.findKeys(start.now);
  const names = (keys: readonly { readonly fingerprint: string }[]) =>
    keys.map((key) => keyName(keyIdOf(key))).join(", ");
  return new KeyError(
    `the database was used with other keys (${names(known)}) than those configured (${names(keyring)}): give the old key as second (SECRET_KEY=new,old), or start once with --accept-new-key, and ${await people(start)} signs in anew`,
  );
}

async function people({ store, now }: KeyStart): Promise<string> {
  const { people } = await store.countGrants(now);
  return people === 1 ? "1 person" : `each of ${people} people`;
}
