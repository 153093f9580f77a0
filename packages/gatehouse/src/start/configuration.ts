import type { Config } from "../config/config.ts";
import type { Events } from "../oauth/ports.ts";
import { programVersion } from "../shipped-files.ts";
import type { KeyedStore } from "./keyed-store.ts";

/** Tells once for an instance with what it has started, and with which new key if there is one (Z15). */
export function tellConfiguration(
  { fingerprint, file }: Config,
  events: Events,
  { keyAdded }: Pick<KeyedStore, "keyAdded">,
): void {
  if (keyAdded !== undefined) events.emit({ name: "key_added", request: "-", ...keyAdded });
  const where = file === undefined ? "the environment" : `${file.path}, ${file.hash}`;
  const detail = `configuration ${fingerprint}, of ${where}; gatehouse ${programVersion()}`;
  events.emit({ name: "configuration_applied", request: "-", reason: "start", detail });
}
