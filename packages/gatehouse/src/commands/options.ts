import { Option } from "commander";

export interface JsonOption {
  readonly json?: true;
}

/** `--json`, the same in every command that answers with facts. */
export const asJson = () => new Option("--json", "print JSON, for scripts");

/** Gathers the values of an option that may stand several times. */
export const gathered = (value: string, earlier: readonly string[] = []) => [...earlier, value];
