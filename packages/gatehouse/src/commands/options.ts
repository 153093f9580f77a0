import { Option } from "commander";
import { parseDuration } from "../config/parsers.ts";
import { oneLine } from "../oauth/harmless.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

export interface JsonOption {
  readonly json?: true;
}

/** `--json`, the same in every command that answers with facts. */
export const asJson = () => new Option("--json", "print JSON, for scripts");

/**
 * Prints an answer for scripts. What there is nothing to say of is `null`, so that an answer always has the
 * same members.
 * @param indent by so many spaces; without, all in one line
 */
export function printJson(shell: Shell, answer: unknown, indent?: number): void {
  const orNull = (_name: string, value: unknown) => (value === undefined ? null : value);
  shell.print(JSON.stringify(answer, orNull, indent));
}

/** Gathers the values of an option that may stand several times. */
export const collected = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export interface AcceptNewKeyOption {
  readonly acceptNewKey?: true;
}

/** `--accept-new-key`, of the commands that serve, and of the one before them. */
export const acceptingNewKey = (
  meaning = "start although no key made the refresh tokens that live: their people sign in anew",
) => new Option("--accept-new-key", meaning);

/** Reads the value of an option that is a length of time, in seconds. */
export const duration = (option: string) => (text: string) => {
  const found = parseDuration(text);
  if (found === undefined) {
    throw new Refusal(2, `${option} ${oneLine(text)}: give a duration such as 24h, 90m or 0`);
  }
  return found;
};

export interface YesOption {
  readonly yes?: true;
}

/** `--yes`, of commands that end what people have allowed. */
export const withoutAsking = (meaning = "do it without asking, as a script has to") =>
  new Option("--yes", meaning);

/**
 * Goes on when whoever called the command agrees: by `--yes`, or at the terminal.
 * @param consequence what happens, in a sentence without its end
 */
export async function agree(shell: Shell, { yes }: YesOption, consequence: string): Promise<void> {
  if (yes) return;
  const answer = shell.confirm(`${consequence}. Go on?`);
  if (answer === undefined) throw new Refusal(2, `${consequence}: give --yes to do that`);
  if (!(await answer)) throw new Refusal(1, "nothing was changed");
}
