import type { Logger } from "pino";
import { changedSections, changedSettings, hasTakenLeave } from "../config/changes.ts";
import type { Config } from "../config/config.ts";
import { type ConfigInput, type LoadedSettings, loadSettings } from "../config/config.ts";
import { ConfigError, type ConfigProblem, nameOf } from "../config/config-errors.ts";
import type { GivenFile } from "../config/config-file.ts";
import type { Events } from "../oauth/ports.ts";

export interface Reloader {
  /**
   * Reads environment, file and secret files again, and hands them on if nothing at all is wrong with them;
   * else one line in the log, and everything stays. True when they hold now.
   */
  reload(): Promise<boolean>;
  /** The file that holds. */
  file(): GivenFile;
}

/** What takes over a configuration that was read again. */
export interface Reloaded {
  /** Where it rejects, nothing has changed. */
  reload(config: Config): Promise<void>;
  /** Told of it as an event (Z15); without, the log is: another process tells the event for all of them. */
  readonly events?: Events | undefined;
}

/** @param running what the process was started with */
export function createReloader(
  running: LoadedSettings,
  input: ConfigInput,
  log: Logger,
  { reload: apply, events }: Reloaded,
): Reloader {
  let latest: Promise<unknown> = Promise.resolve();
  const started = running;
  let holding = running;

  async function reload(): Promise<boolean> {
    const before = holding;
    const configuration = before.config.file?.hash;
    try {
      const read = loadSettings(input, started.mode);
      const left = hasTakenLeave(holding.config, read.config);
      if (left !== undefined) throw new ConfigError([left]);
      await apply(read.config);
      holding = read;
    } catch (error) {
      if (events !== undefined) tellRefused(events, before, error);
      else {
        const about = error instanceof ConfigError ? describeErrors(error.errors) : { err: error };
        log.warn({ configuration, ...about }, "the configuration was not read again: nothing has changed");
      }
      return false;
    }
    const forRestart = changedSettings(started.sources, holding.sources);
    if (events !== undefined) tellApplied(events, before, holding, forRestart);
    else
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

function tellApplied(
  events: Events,
  before: LoadedSettings,
  after: LoadedSettings,
  forRestart: readonly string[],
): void {
  const sections = changedSections(before.file, after.file);
  const settings = changedSettings(before.sources, after.sources);
  const changed = [...sections, ...settings].join(", ") || "nothing";
  const waiting = forRestart.length === 0 ? "" : `; from the next start: ${forRestart.join(", ")}`;
  events.emit({
    name: "configuration_applied",
    request: "-",
    reason: "reload",
    detail: `${describe(after.config)}, before ${before.config.fingerprint}; changed: ${changed}${waiting}`,
  });
  if (sections.includes("access")) events.emit({ name: "access_changed", request: "-" });
}

function tellRefused(events: Events, { config }: LoadedSettings, error: unknown): void {
  const detail = `${describe(config)} goes on`;
  const more = error instanceof ConfigError ? error.errors.slice(1).map(nameOf).join(", ") : "";
  const about =
    error instanceof ConfigError
      ? { error: inOneLine(error.errors), detail: more === "" ? detail : `${detail}; more errors: ${more}` }
      : { cause: error, detail };
  events.emit({ name: "configuration_refused", request: "-", reason: "reload", ...about });
}

const describe = ({ file, fingerprint }: Config) =>
  `configuration ${fingerprint}${file === undefined ? "" : `, file ${file.hash}`}`;

const inOneLine = ([first]: readonly ConfigProblem[]) =>
  first && `${nameOf(first)}: found ${first.found}, expected ${first.expected}`;

/** In one line. */
function describeErrors(errors: readonly ConfigProblem[]): Record<string, unknown> {
  const [, ...more] = errors;
  return {
    error: inOneLine(errors),
    ...(more.length > 0 && { moreErrors: more.map(nameOf) }),
  };
}
