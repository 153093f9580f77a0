import type { Command } from "commander";
import { type Config, loadConfig } from "../config/config.ts";
import { findAttempts } from "../insight/trace/attempts.ts";
import { followTrace, followTraces } from "../insight/trace/follow.ts";
import { type Trouble, troubleLately } from "../insight/trace/lately.ts";
import type { ListedAttempt } from "../insight/trace/listed.ts";
import { mendForOutage } from "../insight/trace/outage-mends.ts";
import { readTimeline } from "../insight/trace/read.ts";
import { timelineOf } from "../insight/trace/timeline.ts";
import { entryAsText, summaryAsText, timelineAsText } from "../insight/trace/timeline-text.ts";
import { oneLine } from "../oauth/harmless.ts";
import { parseReference } from "../oauth/reference.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import type { TraceStep } from "../oauth/trace-step.ts";
import { readMoment } from "./moments.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { subjectsOf } from "./person.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { interruption } from "./signals.ts";
import { withStore } from "./store.ts";
import { formatBytes, several } from "./table.ts";

interface TraceOptions extends JsonOption {
  readonly person?: string;
  readonly client?: string;
  readonly since?: string;
  readonly limit: string;
  readonly follow?: true;
}

export function addTraceCommand(program: Command, shell: Shell): void {
  program
    .command("trace [reference]")
    .description(
      "show what happened in an attempt to sign in, step by step: what came in, which rule decided, what it expected, what that means and what to do. The reference stands on the person's page, in the app's error, in the log. Without one: the latest attempts",
    )
    .option("--person <person>", "attempts of who signed in, by address or subject (user_…)")
    .option("--client <id>", "attempts with this app")
    .option("--since <time>", "attempts of the last 30m, 2h, 7d, or since 2026-11-26T10:00")
    .option("--limit <number>", "so many attempts at most, the newest first", "20")
    .option("--follow", "go on with what happens from now on, until interrupted")
    .addOption(asJson())
    .action((reference: string | undefined, options: TraceOptions) =>
      reference === undefined ? showMany(shell, options) : showOne(shell, reference, options),
    );
}

function showOne(shell: Shell, typed: string, options: TraceOptions): Promise<void> {
  const reference = parseReference(typed);
  if (reference === undefined) {
    throw new Refusal(2, `${oneLine(typed, 40)} is no reference: one looks like K7QM-2XDA-94TB`);
  }
  return withStore(shell, async (store) => {
    if (options.follow) return followOne(shell, store, reference, options);
    const now = shell.clock.now() * 1000;
    const timeline = await readTimeline(store, reference, now);
    if (timeline === undefined) {
      tellTrouble(shell, await troubleLately(store, now));
      throw unknown(reference, loadConfig(shell, "command"));
    }
    if (options.json) return printJson(shell, timeline, 2);
    shell.print(timelineAsText(timeline));
  }).catch((error: unknown) => {
    if (!(error instanceof StoreUnavailableError)) throw error;
    // Pages of that time are about just that.
    shell.complain(`The page of ${reference} may be about this: the database cannot be used now either.`);
    shell.complain(`What to do: ${mendForOutage(error.kind)}`);
    throw error;
  });
}

function tellTrouble(shell: Shell, trouble: readonly Trouble[]): void {
  if (trouble.length === 0) return;
  shell.complain(
    "Pages that say to wait or that the database cannot be used have no trace each. Of the last day:",
  );
  for (const { means, mend } of trouble) shell.complain(`- ${means}\n  What to do: ${mend}`);
}

function unknown(reference: string, { traces: { ageMs, bytes } }: Config): Refusal {
  const hours = Math.round(ageMs / 3_600_000);
  const age = hours % 24 === 0 ? several(hours / 24, "day") : several(hours, "hour");
  return new Refusal(
    1,
    `nothing is known of ${reference}. Traces are kept for ${age} and up to ${formatBytes(bytes)}, of which a fifth is for attempts in which nobody signed in (TRACE_TTL, TRACE_SIZE). Of a page that said to wait, or that the database cannot be reached, log and audit trail know, once for all that meet the same: gatehouse audit search --event limit_reached, or store_unavailable`,
  );
}

async function followOne(
  shell: Shell,
  store: Store,
  reference: string,
  { json }: TraceOptions,
): Promise<void> {
  const steps: TraceStep[] = [];
  const now = () => shell.clock.now() * 1000;
  for await (const step of followTrace(store, reference, now, interruption(shell))) {
    steps.push(step);
    tellStep(shell, step, steps, json);
  }
}

/** @param earlier of the same attempt, this one last */
function tellStep(
  shell: Shell,
  step: TraceStep,
  earlier: readonly TraceStep[],
  json: true | undefined,
): void {
  if (json) printJson(shell, step);
  const entry = timelineOf(step.reference, earlier, [], step.time)?.entries.at(-1);
  if (!json && entry !== undefined) shell.print(`${step.reference}\n${entryAsText(entry)}\n`);
}

function showMany(shell: Shell, options: TraceOptions): Promise<void> {
  const limit = /^[1-9]\d{0,3}$/.test(options.limit) ? Number(options.limit) : undefined;
  if (limit === undefined) throw new Refusal(2, "--limit: give a number from 1 to 9999");
  const since = options.since === undefined ? undefined : readMoment(shell, "--since", options.since);
  return withStore(shell, async (store) => {
    const subjects =
      options.person === undefined
        ? undefined
        : await subjectsOf(store, options.person, "gatehouse trace --since 1h");
    if (options.follow) return followMany(shell, store, subjects, since, options);
    const { ageMs } = loadConfig(shell, "command").traces;
    const now = shell.clock.now() * 1000;
    const about = { client: options.client, since, registeredSince: now - ageMs, now };
    const found = await Promise.all(
      (subjects ?? [undefined]).map((subject) => findAttempts(store, { ...about, subject }, { limit })),
    );
    const traces = found
      .flatMap((page) => page.traces)
      .toSorted((a, b) => b.last - a.last)
      .slice(0, limit);
    if (options.json) return printJson(shell, traces.map(asRecord), 2);
    if (traces.length === 0) return shell.complain("No attempts: nobody tried, or it is longer ago.");
    shell.print(traces.map(summaryAsText).join("\n"));
    shell.complain("\ngatehouse trace <reference> shows one step by step.");
  });
}

const asRecord = ({ first, last, ...trace }: ListedAttempt) => ({
  ...trace,
  first: new Date(first).toISOString(),
  last: new Date(last).toISOString(),
});

async function followMany(
  shell: Shell,
  store: Store,
  subjects: readonly string[] | undefined,
  since: number | undefined,
  { client, json }: TraceOptions,
): Promise<void> {
  // Other processes' clocks may be a little behind.
  const from = since ?? shell.clock.now() * 1000 - 2000;
  const now = () => shell.clock.now() * 1000;
  for await (const step of followTraces(store, { client, subjects }, from, now, interruption(shell))) {
    tellStep(shell, step, [step], json);
  }
}
