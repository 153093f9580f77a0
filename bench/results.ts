import type { Operation } from "./contenders/contender.ts";
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
    readonly lanes: number;
    readonly tokens: number;
    readonly rounds: number;
    readonly seconds: number;
  };
  readonly contenders: ContenderResults[];
}

export interface ContenderResults {
  readonly name: string;
  readonly notes: readonly string[];
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
  /** At half the rate of the median round. */
  readonly atHalf: Load | undefined;
}

/** One measurement, and that of bare `node:http` just before it. */
export interface Round {
  readonly own: Load;
  readonly bare: Load;
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
export function summarise({ rounds }: OperationResults) {
  const of = (value: (round: Round) => number) => spread(rounds.map(value));
  return {
    rate: of(({ own }) => own.rate),
    /** Microseconds. */
    cpu: of(({ own }) => own.cpu),
    /** 1 is bare `node:http`; half of it is twice the CPU time. */
    cpuRatio: of(({ own, bare }) => bare.cpu / own.cpu),
    rateRatio: of(({ own, bare }) => own.rate / bare.rate),
    median: of(({ own }) => own.median),
    p99: of(({ own }) => own.p99),
  };
}
