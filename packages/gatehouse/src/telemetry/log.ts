import pino, { type DestinationStream, type Level, type Logger } from "pino";
import { withoutSecrets } from "../oauth/harmless.ts";
import { describeError } from "./error.ts";
import { linesTogether } from "./lines-together.ts";
import { createNovelty } from "./novelty.ts";
import { readable } from "./readable.ts";
import { createTimestamps } from "./timestamps.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** `json`: one JSON object a line, for machines. `text`: one line for people. */
  readonly format: "json" | "text";
  /** Prefixes of access tokens, besides our fixed ones: what begins with one of them is never written. */
  readonly tokenPrefixes: readonly string[];
  /** Milliseconds on a clock that never goes back; handed in by tests. */
  readonly now?: () => number;
}

/** The log, which also takes what was made a line of its own before. */
export interface Log extends Logger {
  /**
   * Writes a line as an object with these members would be logged: for events, of which there is one a call
   * through the door, where the library's general way costs three times as much.
   * @param members as JSON text, each with a comma before it
   */
  writeEvent(level: Level, members: string): void;
}

/**
 * The log. Whatever is logged, by whomever, passes a last net that takes out what looks like a credential
 * (S09); the first net is that nobody logs one.
 *
 * @param destination where the lines go; the standard output unless a test wants them
 */
export function createLog(options: LogOptions, destination: DestinationStream = standardOutput()): Log {
  const clean = withoutSecrets(options.tokenPrefixes);
  const isNew = createNovelty(options.now);
  const timestamp = createTimestamps();
  const lines = options.format === "json" ? destination : readable(destination);
  const log = pino(
    {
      level: options.level,
      base: null,
      timestamp,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (error: unknown) => describeError(error, isNew(error)) },
      hooks: { streamWrite: clean },
    },
    lines,
  );
  return Object.assign(log, {
    writeEvent(level: Level, members: string) {
      if (log.isLevelEnabled(level)) lines.write(clean(`{"level":"${level}"${timestamp()}${members}}\n`));
    },
  });
}

/** Bytes that wait while they cannot be written; more than that is lost. */
const maxWaiting = 1024 * 1024;

function standardOutput(): DestinationStream {
  const output = pino.destination({ dest: 1, sync: true, maxLength: maxWaiting });
  // A full disk, where the output goes to a file, is no reason to stop serving: what waits is written once
  // there is room.
  output.on("error", () => undefined);
  return linesTogether(output);
}
