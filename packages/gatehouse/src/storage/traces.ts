import {
  maxTraceSteps,
  placeOfTrace,
  readPlaceOfTrace,
  type StoredTraceStep,
  type TracePage,
  type TraceQuery,
  type TraceSummary,
} from "../oauth/store/traces.ts";
import { layout, type Row } from "./layout.ts";

/* What both databases do alike with the steps of attempts. */

/** What a row of an attempt and its places in the indexes take, beside its text. */
const traceOverhead = 500;
/** What a step takes beside its text. */
const stepOverhead = 60;

/** What a batch adds to an attempt. */
interface TraceAddition {
  readonly reference: string;
  readonly first: number;
  readonly last: number;
  readonly client: string | undefined;
  readonly subject: string | undefined;
  readonly step: string;
  readonly outcome: string;
  readonly steps: number;
  readonly bytes: number;
}

/** A batch by its attempts, in the order of their references: of two callers one waits for the other. */
export function additionsOf(
  steps: readonly StoredTraceStep[],
): (TraceAddition & { readonly texts: readonly string[] })[] {
  const byReference = Map.groupBy(steps, ({ reference }) => reference);
  return [...byReference]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([reference, own]) => {
      const latest = own.reduce((late, each) => (each.time >= late.time ? each : late));
      return {
        reference,
        first: own.reduce((first, { time }) => Math.min(first, time), latest.time),
        last: latest.time,
        client: own.find(({ client }) => client !== undefined)?.client,
        subject: own.find(({ subject }) => subject !== undefined)?.subject,
        step: latest.step,
        outcome: latest.outcome,
        steps: own.length,
        bytes: own.reduce((sum, { json }) => sum + Buffer.byteLength(json) + stepOverhead, traceOverhead),
        texts: own.map(({ json }) => json),
      };
    });
}

/**
 * The steps of an attempt that there is room for, with their places.
 * @param after how many there are with these
 */
export function placed(texts: readonly string[], after: number): { place: number; text: string }[] {
  const before = after - texts.length;
  return texts
    .slice(0, Math.max(0, maxTraceSteps - before))
    .map((text, at) => ({ place: before + at, text }));
}

export const traces = layout(
  (column): TraceSummary => ({
    reference: column.text("reference"),
    first: column.integer("first_at"),
    last: column.integer("last_at"),
    client: column.optionalText("client_id"),
    subject: column.optionalText("subject"),
    step: column.text("last_step"),
    outcome: column.text("outcome"),
    steps: column.integer("steps"),
  }),
);

/** A page, of one row more than there is room for. */
export function pageOf(rows: readonly Row[], limit: number): TracePage {
  const found = rows.slice(0, limit).map((row) => traces.read(row));
  const last = found.at(-1);
  return { traces: found, next: rows.length > limit && last !== undefined ? placeOfTrace(last) : undefined };
}

/** Rows of a page stand before this and not before `since`, by their latest step and reference. */
export function boundsOf(
  { since = 0, until = Number.MAX_SAFE_INTEGER }: TraceQuery,
  after: string | undefined,
): { readonly since: number; readonly at: number; readonly reference: string } {
  const place = readPlaceOfTrace(after);
  if (place === undefined || place.last >= until) return { since, at: until, reference: "" };
  return { since, at: place.last, reference: place.reference };
}

/** Of attempts in their order, with their bytes, those that have to go until so many bytes went. */
export function surplusOf(
  rows: readonly Row[],
  excess: number,
): { readonly references: readonly string[]; readonly bytes: number } {
  const references: string[] = [];
  let bytes = 0;
  for (const [reference, size] of rows) {
    if (bytes >= excess) break;
    references.push(reference as string);
    bytes += Number(size);
  }
  return { references, bytes };
}
