import type { Command } from "commander";
import { addAuditExportCommand } from "./audit-export.ts";
import { addAuditSearchCommand } from "./audit-search.ts";
import { addAuditTailCommand } from "./audit-tail.ts";
import { addAuditVerifyCommand } from "./audit-verify.ts";
import type { Shell } from "./shell.ts";

export function addAuditCommand(program: Command, shell: Shell): void {
  const audit = program
    .command("audit")
    .description("the audit trail: what happened, and whose doing it was (docs/audit.md)");
  addAuditTailCommand(audit, shell);
  addAuditSearchCommand(audit, shell);
  addAuditExportCommand(audit, shell);
  addAuditVerifyCommand(audit, shell);
}
