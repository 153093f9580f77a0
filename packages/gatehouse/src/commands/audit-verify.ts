import type { Command } from "commander";
import { loadConfig } from "../config/config.ts";
import { readHead } from "../insight/audit/heads.ts";
import { verifyAudit } from "../insight/audit/verify.ts";
import { auditKeys } from "../start/audit.ts";
import { asJson, collected, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { withStore } from "./store.ts";
import { several } from "./table.ts";

interface VerifyOptions extends JsonOption {
  readonly head?: readonly string[];
  readonly older?: string;
}

export function addAuditVerifyCommand(audit: Command, shell: Shell): void {
  audit
    .command("verify")
    .description(
      "tell whether the audit trail is as it was written; names the first record that is not, and ends with 1 then",
    )
    .option(
      "--head <value>",
      "an end that the log told (audit_head): found, or the database was rolled back; may stand several times",
      collected,
    )
    .option("--older <file>", "a file of older secret keys, a line each, for what was sealed with them")
    .addOption(asJson())
    .action((options: VerifyOptions) => verify(shell, options));
}

async function verify(shell: Shell, { head: heads = [], older, json }: VerifyOptions): Promise<void> {
  const strange = heads.find((each) => readHead(each) === undefined);
  if (strange !== undefined) {
    throw new Refusal(2, `--head ${JSON.stringify(strange)}: give it as audit_head in the log has it`);
  }
  const keys = await auditKeys(loadConfig(shell, "command"), older);
  const verdict = await withStore(shell, (store) => verifyAudit({ store, keys, heads }));
  const { findings, notes } = verdict;
  if (json) printJson(shell, { whole: findings.length === 0, ...verdict });
  else {
    for (const { text } of findings) shell.print(text);
    for (const note of notes) shell.complain(note);
    const what = `${several(verdict.records, "record")} in ${several(verdict.chains, "chain")}`;
    if (findings.length === 0) shell.print(`${what}, whole`);
    else shell.complain(`${what} are as they were written`);
    const [latest] = verdict.heads;
    if (findings.length === 0 && latest !== undefined) shell.complain(`The latest head: ${latest}`);
  }
  if (findings.length > 0) throw new Refusal(1, json ? "" : "the audit trail is not as it was written");
}
