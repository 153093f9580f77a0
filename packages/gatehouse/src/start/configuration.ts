import type { Config } from "../config/config.ts";
import type { Events } from "../oauth/ports.ts";
import { programVersion } from "../shipped-files.ts";

/** Tells once for an instance with what it has started (Z15). */
export function tellConfiguration({ fingerprint, file }: Config, events: Events): void {
  const where = file === undefined ? "the environment" : `${file.path}, ${file.hash}`;
  const detail = `configuration ${fingerprint}, of ${where}; gatehouse ${programVersion()}`;
  events.emit({ name: "configuration_applied", request: "-", reason: "start", detail });
}
