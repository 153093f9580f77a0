import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import type { DoctorKeys, KeyFileLook } from "../insight/doctor/checks/keys.ts";
import { KeyError, keyFileOf } from "../keys/key-file.ts";
import { keysFit } from "../keys/keyring.ts";
import type { Clock } from "../oauth/ports.ts";
import { keyIdOf, keyName } from "../oauth/tokens/secret-keys.ts";
import { databasesIn, type LookedAtDatabase } from "./doctor-database.ts";
import { configuredKeys } from "./keyed-store.ts";

/** The configured keys, as doctor looks at them. */
export function keysToLookAt(
  config: Config,
  database: LookedAtDatabase | undefined,
  clock: Clock,
): DoctorKeys {
  return {
    async fit() {
      const configured = await configuredKeys(config);
      if (database === undefined) return { fits: true, grants: 0, strangers: 0, missing: [] };
      const store = await database.open();
      const now = clock.now();
      const notes = await store.findKeys(now);
      const { byKey } = await store.countGrants(now);
      const ours = new Set(configured.keys.flatMap(({ readings }) => readings.map(keyIdOf)));
      const fits = keysFit(configured, notes);
      const isOurs = (id: number | undefined) => (id === undefined ? fits : ours.has(id));
      const sum = (counts: typeof byKey) => counts.reduce((total, { grants }) => total + grants, 0);
      const lost = byKey.filter(({ keyId }) => !isOurs(keyId));
      const missing = fits
        ? lost.flatMap(({ keyId }) => (keyId === undefined ? [] : keyName(keyId)))
        : notes.known.map((key) => keyName(keyIdOf(key)));
      return { fits, grants: sum(byKey) - sum(lost), strangers: sum(lost), missing };
    },
    file: () => lookAtFile(config),
    explain: (error) =>
      error instanceof KeyError
        ? {
            problem: `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`,
            mend: "See docs/operating.md, “Keys”.",
          }
        : undefined,
  };
}

async function lookAtFile(config: Config): Promise<KeyFileLook | { readonly where: string }> {
  const { secretKeys, secretKeyFile, storage } = config;
  if (secretKeys !== undefined) return { where: "The keys stand in `SECRET_KEY`, in no file of their own." };
  const databasePath = storage.kind === "sqlite" ? storage.path : undefined;
  if (databasePath === ":memory:") return { where: "The key lives in memory, as the database does." };
  const path = secretKeyFile ?? (databasePath === undefined ? undefined : keyFileOf(databasePath));
  if (path === undefined) return { where: "No key is configured: `SECRET_KEY` is needed." };
  const found = await stat(path).catch(() => undefined);
  if (found === undefined && secretKeyFile === undefined) {
    return { where: "There is no key file yet: the first start makes it." };
  }
  if (found === undefined) throw new KeyError(`SECRET_KEY_FILE: there is no file ${path}`);
  const account = process.getuid?.();
  return {
    path,
    isOperators: secretKeyFile !== undefined,
    mode: process.platform === "win32" ? undefined : found.mode & 0o777,
    isOfAnother: account !== undefined && found.uid !== account,
    backups: await databasesIn(dirname(path), databasePath ?? "").catch(() => []), // of a folder that is closed to us
  };
}
