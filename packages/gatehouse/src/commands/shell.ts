import { randomBytes } from "node:crypto";
import { text } from "node:stream/consumers";
import type { Clock, Random } from "../oauth/ports.ts";
import { seconds } from "../oauth/values.ts";

/** What a command has of the world it was called from. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--config`: the configuration file. */
  readonly configPath?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** All of the standard input. */
  readInput(): Promise<string>;
  /** A line, or several, of the command's answer. */
  print(lines: string): void;
  /** A line, or several, for the person only: scripts do not read it. */
  complain(lines: string): void;
}

export function processShell(environment: Shell["environment"]): Shell {
  return {
    environment,
    clock: { now: () => seconds(Date.now() / 1000) },
    random: { bytes: (count) => randomBytes(count) },
    readInput: () => text(process.stdin),
    print: (lines) => process.stdout.write(`${lines}\n`),
    complain: (lines) => process.stderr.write(`${lines}\n`),
  };
}
