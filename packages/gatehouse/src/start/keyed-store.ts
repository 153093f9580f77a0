import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { KeyError } from "../keys/key-file.ts";
import {
  admit,
  arrangeByRule,
  type ConfiguredKeys,
  type Keyring,
  readKeys,
  startKeys,
} from "../keys/keyring.ts";
import { oneLine } from "../oauth/harmless.ts";
import type { AuditEvent, Clock } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import { keyIdOf, keyName } from "../oauth/tokens/secret-keys.ts";
import { isRefusedCertificate, nameAuthority } from "../refused-certificate.ts";
import { showDatabaseCertificate } from "./database-certificate.ts";
import { loadPostgres, openStore } from "./store.ts";

export interface KeyedStoreOverrides {
  /** Used in place of the one that the configuration names. */
  readonly store?: Store;
  /**
   * Told when a database that could not be reached at the start turns out to let nobody in: waiting is over.
   */
  readonly onDatabaseRefused?: (error: Error) => void;
  /** True: start although no configured key made the refresh tokens that live. */
  readonly acceptNewKey?: boolean;
}

export interface KeyedStore {
  readonly store: Store;
  readonly keyring: Keyring;
  /** Whether access tokens have rows that others read. */
  readonly sharedTokens: () => boolean;
  /** What the start did about keys, to be told once there is a trail of it. */
  readonly keyAdded?: Pick<AuditEvent, "reason" | "detail" | "count"> | undefined;
}

/**
 * The store, and the keys it has agreed to. The embedded database is there or is not; one on another machine
 * may be on its way, so the server starts without it, waits, and asks it about the keys then.
 */
export async function openKeyedStore(
  config: Config,
  log: Logger,
  clock: Clock,
  overrides: KeyedStoreOverrides,
): Promise<KeyedStore> {
  const configured = await configuredKeys(config);
  const { storage } = config;
  const start = (store: Store) => ({
    store,
    now: clock.now(),
    acceptNewKey: overrides.acceptNewKey ?? false,
  });
  if (overrides.store !== undefined || storage.kind === "sqlite") {
    const store = overrides.store ?? (await openStore(config, log));
    const { keyring, signedOut } = await closingOnError(store, () => startKeys(configured, start(store)));
    if (overrides.acceptNewKey) tellOfNewKey(log, signedOut);
    const sharedTokens = config.sharedTokens ?? (await store.wasOriginals());
    const keyAdded = describeNewKey(configured, keyring, signedOut);
    return { store, keyring, sharedTokens: () => sharedTokens, keyAdded };
  }
  const onFailure = (error: unknown) =>
    log.fatal({ err: error }, "the database cannot be used; restart once that is mended");
  const { onDatabaseRefused = onFailure } = overrides;
  const keyring = arrangeByRule(configured);
  let refusal: KeyError | undefined;
  let retried = false;
  let certificateTold = false;
  const { openPostgresStoreEventually } = await loadPostgres(config.authorities);
  // Of a database that is not reached yet the safe guess: a row too many harms nobody.
  let sharedTokens = config.sharedTokens ?? true;
  const store = await openPostgresStoreEventually({
    ...storage,
    waitMs: 5000, // for others who are in a migration's way: it tries again by itself, and meanwhile answers that it is not ready
    onWait: (message) => log.warn(message),
    prepare: async (opened) => {
      const strange = await admit(keyring, start(opened));
      const counted = strange ? (await opened.countGrants(clock.now())).people : undefined;
      if (overrides.acceptNewKey) tellOfNewKey(log, counted);
      sharedTokens = config.sharedTokens ?? (await opened.wasOriginals());
      if (retried) log.info("the database is there");
    },
    maxPauseMs: storage.maxRetryMs,
    onRetry: (error, pauseMs) => {
      retried = true;
      const text = `${reasonOf(error)}: the database cannot be reached; trying again`;
      log.warn({ retryInMilliseconds: pauseMs }, text);
      if (certificateTold || !isRefusedCertificate(error)) return;
      certificateTold = true; // it stays the same
      void warnOfCertificate(log, storage.url);
    },
    onRefused: onDatabaseRefused,
    onFailure: (error) => {
      if (!(error instanceof KeyError)) return onFailure(error);
      refusal = error;
      onDatabaseRefused(error);
    },
  });
  if (refusal === undefined) return { store, keyring, sharedTokens: () => sharedTokens };
  await store.close();
  throw refusal;
}

async function warnOfCertificate(log: Logger, sqlUrl: string): Promise<void> {
  const certificate = await showDatabaseCertificate(sqlUrl);
  log.warn({ certificate }, `the database's certificate was refused; ${nameAuthority}`);
}

/** What is at the bottom of an error, short enough for a line that comes again and again (Y36). */
function reasonOf(error: unknown): string {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause instanceof Error) innermost = innermost.cause;
  return oneLine(innermost instanceof Error ? innermost.message : String(innermost), 150);
}

export async function closingOnError<T>(store: Store, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await store.close();
    throw error;
  }
}

function describeNewKey(
  { from, keys }: ConfiguredKeys,
  [first]: Keyring,
  signedOut: number | undefined,
): KeyedStore["keyAdded"] {
  const isMade = from === "key file" && keys.length === 0;
  if (!isMade && signedOut === undefined) return undefined;
  const detail = `${keyName(keyIdOf(first))}, ${isMade ? "made by this start" : `in ${from}`}`;
  return { detail, ...(signedOut !== undefined && { reason: "accepted", count: signedOut }) };
}

function tellOfNewKey(log: Logger, signedOut: number | undefined): void {
  if (signedOut === undefined) {
    log.warn("--accept-new-key was not needed; leave it out, or a wrong key will be accepted one day");
  } else {
    log.warn({ people: signedOut }, "started with a new key: so many people have to sign in anew");
  }
}

/** The keys the configuration names, or those in the key file beside the embedded database. */
export function configuredKeys(config: Config): Promise<ConfiguredKeys> {
  const { secretKeys, secretKeyFile, storage } = config;
  const databasePath = storage.kind === "sqlite" ? storage.path : undefined;
  return readKeys({ secretKeys, secretKeyFile, databasePath });
}
