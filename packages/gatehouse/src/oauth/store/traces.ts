import type { TraceStep } from "../trace-step.ts";

/** As many steps as are kept of an attempt; what comes behind them is counted. */
export const maxTraceSteps = 200;

/** A step as it is stored. */
export interface StoredTraceStep extends TraceStep {
  /** The whole of it as JSON. */
  readonly json: string;
}

/** An attempt, in a list. */
export interface TraceSummary {
  readonly reference: string;
  /** Milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
  readonly client: string | undefined;
  readonly subject: string | undefined;
  /** The latest step, and how it ended. */
  readonly step: TraceStep["step"];
  readonly outcome: TraceStep["outcome"];
  /** How many there were, kept or not. */
  readonly steps: number;
}

/** What is left out does not matter. */
export interface TraceQuery {
  readonly client?: string | undefined;
  readonly subject?: string | undefined;
  /** Milliseconds since 1970: attempts of which something happened at or after. */
  readonly since?: number | undefined;
  /** Of which the latest happened before. */
  readonly until?: number | undefined;
}

export interface TracePage {
  readonly traces: readonly TraceSummary[];
  /** For the next page; `undefined`: this is the end. */
  readonly next: string | undefined;
}

/** Where an attempt stands in the order of a list: what a page that goes on behind it has as `after`. */
export const placeOfTrace = ({ last, reference }: Pick<TraceSummary, "last" | "reference">): string =>
  `${last}.${reference}`;

/** `undefined` for what is none. */
export function readPlaceOfTrace(
  text: string | undefined,
): { readonly last: number; readonly reference: string } | undefined {
  const [, last, reference = ""] = /^(\d{1,15})\.(.*)$/s.exec(text ?? "") ?? [];
  return last === undefined ? undefined : { last: Number(last), reference };
}

export interface TraceLimits {
  /** Attempts of which nothing happened since then go, milliseconds since 1970. */
  readonly before: number;
  /** Bytes for attempts in which somebody signed in. */
  readonly signedInBytes: number;
  /** Bytes for all others: whoever only knocks pushes out nobody else. */
  readonly otherBytes: number;
}

/** The steps of attempts to authorize. See {@link Store} for what holds for all operations. */
export interface TraceStore {
  /**
   * Adds steps to what is there of their attempts, of each at most {@link maxTraceSteps} in all. Steps of
   * callers at once all stand, each caller's in its order.
   */
  appendTraceSteps(steps: readonly StoredTraceStep[]): Promise<void>;
  /** All of an attempt, in the order in which they came in; none for an unknown one. */
  findTrace(reference: string): Promise<readonly TraceStep[]>;
  /**
   * Attempts by their latest step, newest first, and at the same time by reference, the last in the alphabet
   * first. What happens between two pages may move an attempt to the front, and is then not seen again.
   * @param page.after of the page before, or any {@link placeOfTrace}
   */
  findTraces(
    query: TraceQuery,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<TracePage>;
  /**
   * Removes at most `limit` attempts of each kind beyond the limits, those first of which nothing happened
   * for longest. Returns how many went; call again while there were as many as `limit`.
   */
  trimTraces(limits: TraceLimits, limit: number): Promise<number>;
}
