import type { Command } from "commander";
import type { Finding } from "../insight/doctor/check.ts";
import { oneLine } from "../oauth/harmless.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

export function addDoctorCommand(program: Command, shell: Shell): void {
  program
    .command("doctor")
    .description(
      "look at all that the server needs, whether it runs or not: configuration, database, clocks, keys, identity providers; says what is wrong and what mends it, and ends with 1 where something fails",
    )
    .addOption(asJson())
    .action((options: JsonOption) => examine(shell, options));
}

async function examine(shell: Shell, { json }: JsonOption): Promise<void> {
  // Loaded here, because nothing else needs any of it.
  const [{ createDoctor }, { runChecks }, { findingsAsText, hasFailed }] = await Promise.all([
    import("../start/doctor.ts"),
    import("../insight/doctor/run-checks.ts"),
    import("../insight/doctor/report-text.ts"),
  ]);
  const doctor = createDoctor(shell);
  const findings = (await runChecks(doctor.checks)).map(harmless);
  await doctor.close();
  if (json) printJson(shell, findings.map(describe), 2);
  else shell.print(findingsAsText(findings));
  if (hasFailed(findings)) throw new Refusal(1, "");
}

/** What others answer stands in these sentences. */
function harmless({ finding, mend, ...rest }: Finding): Finding {
  const cut = (text: string) => oneLine(text, 1000);
  return { ...rest, finding: cut(finding), ...(mend !== undefined && { mend: cut(mend) }) };
}

const describe = ({ id, result, finding, mend, client }: Finding) => ({ id, result, finding, mend, client });
