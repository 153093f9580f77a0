import type { Finding } from "./check.ts";

export interface ReportAbout {
  /** `Gatehouse 0.1.0, Node 26.10.0, linux x64, SQLite` */
  readonly system: string;
  /** Names of the settings that are given, without their values. */
  readonly settings: readonly string[];
}

/** Bytes that a report may have: what an issue takes. */
const maxBytes = 60_000;
const order = ["fail", "warn", "skipped", "ok"] as const;

/**
 * A report in Markdown, for an issue: what fails first, under 60 kB.
 * @param hide takes out of a text what is nobody's business
 */
export function reportOf(
  findings: readonly Finding[],
  { system, settings }: ReportAbout,
  hide: (text: string) => string,
): string {
  const counted = order.map(
    (result) => `${findings.filter((each) => each.result === result).length} ${result}`,
  );
  const head = [
    "# gatehouse doctor",
    "",
    system,
    "",
    `Settings that are given: ${settings.length === 0 ? "none" : settings.map((name) => `\`${name}\``).join(", ")}`,
    "",
    `${findings.length} findings: ${counted.join(", ")}`,
    "",
    "| check | result | found | what mends it |",
    "|---|---|---|---|",
  ].join("\n");
  // In their own order, so that the same gets the same placeholder in every report.
  const hidden = findings.map(({ finding, mend, ...rest }) => ({
    ...rest,
    finding: hide(finding),
    mend: mend === undefined ? "" : hide(mend),
  }));
  const rows = hidden
    .toSorted((one, other) => order.indexOf(one.result) - order.indexOf(other.result))
    .map(
      ({ id, client, result, finding, mend }) =>
        `| ${[client === undefined ? `\`${id}\`` : `\`${id}\` ${cell(client)}`, result, cell(finding), cell(mend)].join(" | ")} |`,
    );
  let report = head;
  for (const [at, row] of rows.entries()) {
    if (Buffer.byteLength(report) + Buffer.byteLength(row) > maxBytes - 100) {
      return `${report}\n\n${rows.length - at} more findings did not fit.`;
    }
    report += `\n${row}`;
  }
  return report;
}

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ").slice(0, 1000);
