import { randomBytes } from "node:crypto";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline/promises";
import { text } from "node:stream/consumers";
import type { Clock, Random } from "../oauth/ports.ts";
import { seconds } from "../oauth/values.ts";
import { type OperatorAccount, processAccount } from "./operator.ts";

/** What a command has of the world it was called from. */
export interface Shell {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** `--config`: the configuration file. */
  readonly configPath?: string | undefined;
  /** As it was called, without secrets; `undefined`: nobody called one. */
  readonly command?: string | undefined;
  /** Whose it is, as the operating system says. */
  account(): OperatorAccount;
  readonly clock: Clock;
  readonly random: Random;
  /** Lets other processes go first, where that can be had. */
  standBack(): void;
  /** All of the standard input. */
  readInput(): Promise<string>;
  /**
   * Asks the person at the terminal to agree. `undefined` where nobody can be asked: input or output is no
   * terminal.
   */
  confirm(question: string): Promise<boolean> | undefined;
  /** Asks for one line. `undefined` when the input has ended, and where nobody can be asked. */
  askLine(question: string): Promise<string | undefined>;
  /** A line, or several, of what was asked for: a table, facts, JSON, a new secret and nothing else. */
  print(lines: string): void;
  /** A line, or several, for the person only, such as what was done: scripts do not read it. */
  complain(lines: string): void;
}

export function processShell(environment: Shell["environment"]): Shell {
  return {
    environment,
    account: processAccount,
    clock: { now: () => seconds(Date.now() / 1000) },
    random: { bytes: (count) => randomBytes(count) },
    standBack,
    readInput: () => text(process.stdin),
    confirm: (question) => (isAtTerminal() ? ask(question) : undefined),
    askLine: async (question) => (isAtTerminal() ? askLine(question) : undefined),
    print: (lines) => process.stdout.write(`${lines}\n`),
    complain: (lines) => process.stderr.write(`${lines}\n`),
  };
}

const isAtTerminal = () => process.stdin.isTTY === true && process.stderr.isTTY === true;

function standBack(): void {
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // A sandbox may forbid it: then it runs as it is.
  }
}

async function ask(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}

async function askLine(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await new Promise((resolve, reject) => {
      terminal.once("close", () => resolve(undefined));
      terminal.question(question).then(resolve, reject);
    });
  } finally {
    terminal.close();
  }
}
