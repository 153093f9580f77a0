import type { Operation } from "./contenders/contender.ts";
import type { Flushes } from "./flushes.ts";
import type { Load } from "./load.ts";

/* What a run found out, as its JSON file holds it. */

export interface Results {
  /** ISO 8601. */
  readonly date: string;
  readonly machine: {
    readonly cpu: string;
    readonly cores: number;
    readonly node: string;
    readonly pinned: boolean;
  };
  readonly settings: {
    /** Requests at once: of the tables, and of those beside them. */
    readonly lanes: number;
    readonly otherLanes: readonly number[];
    readonly tokens: number;
    readonly rounds: number;
    readonly seconds: number;
  };
  readonly contenders: ContenderResults[];
}

export interface ContenderResults {
  readonly name: string;
  readonly notes: readonly string[];
  /** What the disk took just before. */
  readonly flushes: Flushes;
  /** Milliseconds to the first answer. */
  readonly startUp: number;
  /** Before and after all its operations. */
  readonly memory: { readonly atRest: Memory; readonly after: Memory };
  readonly operations: Partial<Record<Operation, OperationResults>>;
}

/** Bytes: the processes' own, and of files they read, which the system takes back when it needs the room. */
export interface Memory {
  readonly own: number;
  readonly file: number;
}

export interface OperationResults {
  readonly rounds: readonly Round[];
  /**
   * At half the rate of the median round, with the event loop's longest pause, where it is watched; and bare
   * `node:http` at that rate, which waits for the machine alone.
   */
  readonly atHalf: (Load & { readonly longestPause: number | undefined; readonly bare: Load }) | undefined;
  /** With other numbers of requests at once, a round each. */
  readonly otherLanes: readonly (Round & { readonly lanes: number })[];
}

/** One measurement, and those of `node:http` just before it: bare, and doing the same visible work. */
export interface Round {
  readonly own: Load;
  readonly bare: Load;
  readonly working: Load;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** @param values at least one */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (index: number) => sorted[index] ?? Number.NaN;
  return { median: at(Math.floor(sorted.length / 2)), least: at(0), most: at(sorted.length - 1) };
}

/** What the tables and the chart show of an operation. */
export function summarise({ rounds }: Pick<OperationResults, "rounds">) {
  const of = (value: (round: Round) => number) => spread(rounds.map(value));
  return {
    rate: of(({ own }) => own.rate),
    /** Microseconds. */
    cpu: of(({ own }) => own.cpu),
    /** 1 is bare `node:http`; half of it is twice the CPU time. */
    cpuRatio: of(({ own, bare }) => bare.cpu / own.cpu),
    /** The same to `node:http` that does the same visible work. */
    workRatio: of(({ own, working }) => working.cpu / own.cpu),
    rateRatio: of(({ own, bare }) => own.rate / bare.rate),
    median: of(({ own }) => own.median),
    p99: of(({ own }) => own.p99),
  };
}
