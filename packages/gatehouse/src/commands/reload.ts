import type { Logger } from "pino";
import { changedSettings, hasTakenLeave } from "../config/changes.ts";
import type { Config } from "../config/config.ts";
import { type ConfigInput, type LoadedSettings, loadSettings } from "../config/config.ts";
import { ConfigError, type ConfigProblem, nameOf } from "../config/config-errors.ts";
import type { GivenFile } from "../config/config-file.ts";

export interface Reloader {
  /**
   * Reads environment, file and secret files again, and hands them on if nothing at all is wrong with them;
   * else one line in the log, and everything stays. True when they hold now.
   */
  reload(): Promise<boolean>;
  /** The file that holds. */
  file(): GivenFile;
}

/**
 * @param running what the process was started with
 * @param apply takes over; where it rejects, nothing has changed
 */
export function createReloader(
  running: LoadedSettings,
  input: ConfigInput,
  log: Logger,
  apply: (config: Config) => Promise<void>,
): Reloader {
  let latest: Promise<unknown> = Promise.resolve();
  const started = running;
  let holding = running;

  async function reload(): Promise<boolean> {
    const configuration = holding.config.file?.hash;
    try {
      const read = loadSettings(input, started.mode);
      const left = hasTakenLeave(holding.config, read.config);
      if (left !== undefined) throw new ConfigError([left]);
      await apply(read.config);
      holding = read;
    } catch (error) {
      const about = error instanceof ConfigError ? describeErrors(error.errors) : { err: error };
      log.warn({ configuration, ...about }, "the configuration was not read again: nothing has changed");
      return false;
    }
    const forRestart = changedSettings(started.sources, holding.sources);
    log.info(
      {
        configuration: holding.config.file?.hash,
        ...(forRestart.length > 0 && { fromTheNextStart: forRestart }),
      },
      "the configuration was read again and holds",
    );
    return true;
  }

  return {
    // One after the other, so that the last one asked for is the one that holds.
    reload() {
      const next = latest.then(reload);
      latest = next;
      return next;
    },
    file: () => ({ path: holding.file.path, text: holding.file.text }),
  };
}

/** In one line. */
function describeErrors([first, ...more]: readonly ConfigProblem[]): Record<string, unknown> {
  if (first === undefined) return {};
  const { found, expected } = first;
  return {
    error: `${nameOf(first)}: found ${found}, expected ${expected}`,
    ...(more.length > 0 && { moreErrors: more.map(nameOf) }),
  };
}
