import { type Operation, operations } from "./contenders/contender.ts";
import { type ContenderResults, type Memory, type Results, type Spread, summarise } from "./results.ts";

const titles: Record<Operation, string> = {
  metadata: "Metadata document",
  introspect: "Introspection of a live token",
  garbage: "Introspection of garbage",
  refresh: "Refresh with rotation",
  code: "Code exchange with PKCE",
  register: "Registration",
};

/** The figures as tables of Markdown: one an operation, then what each server needs besides. */
export function report(results: Results): string {
  const { machine, settings, contenders } = results;
  return [
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${machine.pinned ? "each server on one core, the load on another" : "nothing pinned"}; ${settings.lanes} requests at once, ${settings.tokens.toLocaleString("en")} live tokens, ${settings.rounds} rounds of ${settings.seconds} s, median (range); ${results.date.slice(0, 10)}.`,
    ...operations.flatMap((operation) => operationTable(operation, contenders)),
    needs(contenders),
    contenders.map(({ name, notes }) => `- **${name}**: ${notes.join("; ")}.`).join("\n"),
  ].join("\n\n");
}

function operationTable(operation: Operation, contenders: readonly ContenderResults[]): string[] {
  const rows = contenders.flatMap(({ name, operations: measured }) => {
    const found = measured[operation];
    if (found === undefined) return [];
    const { cpu, cpuRatio, rate, rateRatio, median, p99 } = summarise(found);
    const half = found.atHalf;
    return row([
      name,
      ranged(cpuRatio, 2),
      ranged(rateRatio, 2),
      `${cpu.median.toFixed(0)} µs`,
      Math.round(rate.median).toLocaleString("en"),
      `${median.median.toFixed(1)} / ${p99.median.toFixed(1)} ms`,
      half === undefined ? "" : `${half.median.toFixed(1)} / ${half.p99.toFixed(1)} ms`,
    ]);
  });
  if (rows.length === 0) return [];
  const head = row([
    "server",
    "ratio by CPU",
    "ratio by rate",
    "CPU a request",
    "requests a second",
    "p50 / p99",
    "at half the rate",
  ]);
  return [`### ${titles[operation]}`, [head, "|---|---:|---:|---:|---:|---:|---:|", ...rows].join("\n")];
}

function needs(contenders: readonly ContenderResults[]): string {
  const megabytes = ({ own, file }: Memory) =>
    `${Math.round((own + file) / 2 ** 20)} MB (${Math.round(own / 2 ** 20)} its own)`;
  const rows = contenders.map(({ name, startUp, memory }) =>
    row([name, `${startUp.toFixed(0)} ms`, megabytes(memory.atRest), megabytes(memory.after)]),
  );
  const head = row(["server", "start to first answer", "memory at rest", "memory after the run"]);
  return ["### Start and memory\n", head, "|---|---:|---:|---:|", ...rows].join("\n");
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;

function ranged({ median, least, most }: Spread, digits: number): string {
  return `**${median.toFixed(digits)}** (${least.toFixed(digits)}–${most.toFixed(digits)})`;
}
