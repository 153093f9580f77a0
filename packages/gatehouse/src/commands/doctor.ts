import { type Command, Option } from "commander";
import type { Finding } from "../insight/doctor/check.ts";
import { oneLine } from "../oauth/harmless.ts";
import { type ReportOption, reportAbout } from "./doctor-report.ts";
import type { WalkCommandOptions } from "./doctor-walk.ts";
import { asJson, collected, printJson, withoutAsking } from "./options.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

interface DoctorOptions extends ReportOption {
  readonly dev?: true;
}

export function addDoctorCommand(program: Command, shell: Shell): void {
  program
    .command("doctor [address]")
    .description(
      "look at all that the server needs, whether it runs or not: configuration, database, clocks, keys, identity providers; says what is wrong and what mends it, and ends with 1 where something fails. With the address of an MCP server, ours or anybody's, or an issuer: which of the known clients will connect there, and why one will not",
    )
    .option("--dev", "look at what gatehouse dev runs, with its development sign-in")
    .addOption(asJson())
    .addOption(
      new Option(
        "--report",
        "print Markdown for an issue: without secrets, with placeholders for people, hosts and addresses",
      ).conflicts("json"),
    )
    .option(
      "--client <name>",
      "with an address: only the clients with this in their name, such as 'Claude Code'; several times",
      collected,
    )
    .option("--no-register", "with an address: register nothing there, so that less can be told")
    .option(
      "--login",
      "with an address: somebody signs in by a printed link, and tokens, refreshes and a call follow; all is revoked again",
    )
    .addOption(withoutAsking("register at a server that is not ours without asking, as a script has to"))
    .action(async (address: string | undefined, options: DoctorOptions & WalkCommandOptions) => {
      if (address === undefined) return examine(shell, options);
      const { examineServer } = await import("./doctor-walk.ts");
      return examineServer(shell, address, options);
    });
}

/** What comes of the checks, in the form that is asked for. */
async function examine(shell: Shell, { dev, json, report }: DoctorOptions): Promise<void> {
  // Loaded here, because nothing else needs any of it.
  const [{ createDoctor }, { runChecks }, { findingsAsText, hasFailed }] = await Promise.all([
    import("../start/doctor.ts"),
    import("../insight/doctor/run-checks.ts"),
    import("../insight/doctor/report-text.ts"),
  ]);
  const doctor = createDoctor(shell, dev ? "dev" : "serve");
  const findings = (await runChecks(doctor.checks)).map(harmless);
  if (report) shell.print(await reportAbout(doctor, findings));
  else if (json) printJson(shell, findings.map(describe), 2);
  else shell.print(findingsAsText(findings));
  await doctor.close(); // last: that of a database which another process has locked takes a while
  if (hasFailed(findings)) throw new Refusal(1, "");
}

/** What others answer stands in these sentences. */
function harmless({ finding, mend, ...rest }: Finding): Finding {
  const cut = (text: string) => oneLine(text, 1000);
  return { ...rest, finding: cut(finding), ...(mend !== undefined && { mend: cut(mend) }) };
}

const describe = ({ id, result, finding, mend, client }: Finding) => ({ id, result, finding, mend, client });
