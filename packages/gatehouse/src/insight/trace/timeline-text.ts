import type { AttemptState } from "../../oauth/trace-step.ts";
import type { ListedAttempt } from "./listed.ts";
import type { Timeline, TimelineEntry } from "./timeline.ts";

/* Timelines for people at a terminal of 80 columns. Values were made harmless before they were stored. */

const width = 80;
const marks = { ok: "ok  ", refused: "no  ", failed: "FAIL" } as const;

export function timelineAsText(timeline: Timeline): string {
  const { reference, client, resource, subject, conclusion, entries, registration } = timeline;
  const [first, last] = [entries[0], entries.at(-1)];
  const instances = new Set(entries.map(({ instance }) => instance));
  const head = [
    ["attempt", reference],
    ["app", client],
    ["MCP server", resource],
    ["person", subject ?? "nobody signed in"],
    ["when", first && last && `${dayOf(first.time)} ${clockOf(first.time)} UTC, ${duration(last.offset)}`],
    ["instances", [...instances].join(", ")],
    ["registered", registration && `see ${registration}`],
    ["came to", conclusion.means],
    ["what to do", conclusion.mend],
  ] as const;
  return [
    ...head.flatMap(([name, value]) => (value === undefined ? [] : [field(name, value, 0, 12)])),
    ...entries.map((entry) => `\n${entryAsText(entry, conclusion.mend)}`),
  ].join("\n");
}

/** A step with all there is to say of it. @param said what to do, where that was said already */
export function entryAsText(entry: TimelineEntry, said?: string): string {
  const { time, offset, instance, outcome, means, mend, rule, expected, received, note, facts } = entry;
  const fields = [
    ["rule", rule],
    ["expected", expected],
    ["received", received],
    ...Object.entries(facts),
    ["note", note],
    ["what to do", outcome === "ok" || mend === said ? undefined : mend],
  ] as const;
  const named = fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  const longest = Math.min(20, Math.max(0, ...named.map(([name]) => name.length)));
  return [
    `${clockOf(time)}  ${`+${(offset / 1000).toFixed(3)} s`.padEnd(12)}${instance}`,
    hanging(`  ${marks[outcome]}  `, means),
    ...named.map(([name, value]) => field(name, value, 8, longest + 2)),
  ].join("\n");
}

const stateMarks: Readonly<Record<AttemptState, string>> = {
  ok: "ok",
  refused: "no",
  failed: "FAIL",
  open: "open",
  stopped: "FAIL",
  unknown: "?",
  doubtful: "ok?",
};

/** Attempts, a line or two each. */
export function summaryAsText({ reference, last, state, means, client, subject }: ListedAttempt): string {
  const column = " ".repeat(21);
  return [
    `${dayOf(last)} ${clockOf(last).slice(0, 8)}  ${reference}  ${stateMarks[state]}`,
    hanging(column, means),
    `${column}app ${client ?? "not known"}`,
    ...(subject === undefined ? [] : [`${column}person ${subject}`]),
  ].join("\n");
}

const field = (name: string, value: string, indent: number, column: number) =>
  hanging(`${" ".repeat(indent)}${name.padEnd(column)}`, value);

/** Text behind a beginning, in lines of {@link width} columns that begin below it; long words stay whole. */
function hanging(beginning: string, text: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && beginning.length + line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  lines.push(line);
  return lines.map((each, at) => (at === 0 ? beginning : " ".repeat(beginning.length)) + each).join("\n");
}

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
const clockOf = (time: number) => new Date(time).toISOString().slice(11, 23);

function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 120) return `${seconds.toFixed(1)} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
