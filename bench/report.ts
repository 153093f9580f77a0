import { type Operation, operations } from "./contenders/contender.ts";
import { type ContenderResults, type Memory, type Results, type Spread, summarise } from "./results.ts";

const titles: Record<Operation, string> = {
  metadata: "Metadata document",
  introspect: "Introspection of a live token",
  stored: "Introspection of a live token with a row",
  garbage: "Introspection of garbage",
  refresh: "Refresh with rotation",
  code: "Code exchange with PKCE",
  register: "Registration",
};

/** The figures as tables of Markdown: one an operation, then what each server needs besides. */
export function report(results: Results): string {
  const { machine, settings, contenders } = results;
  return [
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}; ${machine.pinned ? "each server on one core, the load on another" : "nothing pinned"}; ${settings.lanes} requests at once, ${settings.tokens.toLocaleString("en")} live tokens and as many grants, every refresh another one, ${settings.rounds} rounds of ${settings.seconds} s, median (range); ${results.date.slice(0, 10)}.`,
    ...operations.flatMap((operation) => operationTable(operation, contenders)),
    ...byLanes(results),
    needs(contenders),
    flushed(contenders),
    contenders.map(({ name, notes }) => `- **${name}**: ${notes.join("; ")}.`).join("\n"),
  ].join("\n\n");
}

function operationTable(operation: Operation, contenders: readonly ContenderResults[]): string[] {
  const rows = contenders.flatMap(({ name, operations: measured }) => {
    const found = measured[operation];
    if (found === undefined) return [];
    const { cpu, cpuRatio, workRatio, rate, rateRatio, median, p99 } = summarise(found);
    const half = found.atHalf;
    return row([
      name,
      ranged(workRatio, 2),
      ranged(cpuRatio, 2),
      ranged(rateRatio, 2),
      `${cpu.median.toFixed(0)} µs`,
      Math.round(rate.median).toLocaleString("en"),
      `${median.median.toFixed(1)} / ${p99.median.toFixed(1)} ms`,
      half === undefined ? "" : `${half.median.toFixed(1)} / ${half.p99.toFixed(1)} ms${paused(half)}`,
      half === undefined ? "" : `${half.bare.median.toFixed(1)} / ${half.bare.p99.toFixed(1)} ms`,
    ]);
  });
  if (rows.length === 0) return [];
  const head = row([
    "server",
    "CPU ratio, same visible work",
    "CPU ratio, bare",
    "ratio by rate",
    "CPU a request",
    "requests a second",
    "p50 / p99",
    "at half the rate (longest pause)",
    "bare at that rate",
  ]);
  return [
    `### ${titles[operation]}`,
    [head, "|---|---:|---:|---:|---:|---:|---:|---:|---:|", ...rows].join("\n"),
  ];
}

const paused = ({ longestPause }: { readonly longestPause: number | undefined }) =>
  longestPause === undefined ? "" : ` (${longestPause.toFixed(0)} ms)`;

/** The ratio to the same visible work, by requests at once. */
function byLanes({ contenders, settings: { lanes, otherLanes } }: Results): string[] {
  const all = [lanes, ...otherLanes].toSorted((left, right) => left - right);
  if (all.length === 1) return [];
  const rows = operations.flatMap((operation) =>
    contenders.flatMap(({ name, operations: measured }) => {
      const found = measured[operation];
      if (found === undefined) return [];
      const cells = all.map((each) => {
        const rounds =
          each === lanes ? found.rounds : found.otherLanes.filter((round) => round.lanes === each);
        return rounds.length === 0 ? "" : summarise({ rounds }).workRatio.median.toFixed(2);
      });
      return row([titles[operation], name, ...cells]);
    }),
  );
  const head = row(["CPU ratio, same visible work", "server", ...all.map((each) => `${each} at once`)]);
  const rule = `|---|---|${all.map(() => "---:|").join("")}`;
  return ["### By requests at once", [head, rule, ...rows].join("\n")];
}

function flushed(contenders: readonly ContenderResults[]): string {
  const each = contenders.map(
    ({ name, flushes }) =>
      `${name} ${flushes.median.toFixed(1)} / ${flushes.p99.toFixed(1)} / ${flushes.most.toFixed(1)} ms`,
  );
  return `What the disk took to make 4 kB durable just before each server (p50 / p99 / most of 300): ${each.join(", ")}.`;
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
