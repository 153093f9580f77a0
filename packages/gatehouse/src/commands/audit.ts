import type { Command } from "commander";
import { addAuditVerifyCommand } from "./audit-verify.ts";
import type { Shell } from "./shell.ts";

export function addAuditCommand(program: Command, shell: Shell): void {
  const audit = program
    .command("audit")
    .description("the audit trail: what happened, and whose doing it was (docs/audit.md)");
  addAuditVerifyCommand(audit, shell);
}
