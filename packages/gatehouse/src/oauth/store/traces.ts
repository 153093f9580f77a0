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

/** What attempts take, about. */
export interface TraceBytes {
  /** Those in which somebody signed in. */
  readonly signedIn: number;
  /** All others: whoever only knocks pushes out nobody else. */
  readonly other: number;
}

/** What is too old, and what is too much. */
export interface TraceSurplus {
  /** Attempts of which nothing happened since then go, milliseconds since 1970. */
  readonly before: number;
  /** So many bytes of each kind go besides; 0 or less: none do. */
  readonly bytes: TraceBytes;
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
  /** How much there is. Looks at every attempt, and lets others have the store in between. */
  countTraceBytes(): Promise<TraceBytes>;
  /**
   * Removes at most `limit` attempts that are too old, and at most so many of each kind that is too much,
   * those first of which nothing happened for longest. Returns how many went, and the bytes of those that
   * were too much; call again while there were as many as `limit`.
   */
  trimTraces(
    surplus: TraceSurplus,
    limit: number,
  ): Promise<{ readonly attempts: number; readonly bytes: TraceBytes }>;
}
