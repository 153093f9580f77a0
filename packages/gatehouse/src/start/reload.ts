import type { Config } from "../config/config.ts";

/**
 * What holds a part of the configuration that may change while it runs. A request looks at it once, when it
 * begins, and so sees one version from start to end.
 */
export interface Reloadable {
  /** What takes time, or may fail: with any failure nobody's `apply` is called. */
  prepare?(config: Config): Promise<void>;
  /** Takes over, at once and without fail. */
  apply(config: Config): void;
}

/** Hands a configuration to all of them: no request sees some parts new and others old. */
export async function reloadAll(parts: readonly Reloadable[], config: Config): Promise<void> {
  for (const part of parts) await part.prepare?.(config);
  for (const part of parts) part.apply(config);
}
