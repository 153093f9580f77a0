import { Option } from "commander";

export interface JsonOption {
  readonly json?: true;
}

/** `--json`, the same in every command that answers with facts. */
export const asJson = () => new Option("--json", "print JSON, for scripts");

/** Gathers the values of an option that may stand several times. */
export const gathered = (value: string, earlier: readonly string[] = []) => [...earlier, value];

export interface AcceptNewKeyOption {
  readonly acceptNewKey?: true;
}

/** `--accept-new-key`, of the commands that serve. */
export const acceptingNewKey = () =>
  new Option(
    "--accept-new-key",
    "start although no key made the refresh tokens that live: their people sign in anew",
  );
