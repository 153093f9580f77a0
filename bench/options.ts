import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Operation, operations } from "./contenders/contender.ts";

export interface Options {
  readonly only: readonly Operation[];
  /** Names of contenders; undefined: all. */
  readonly servers: readonly string[] | undefined;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmUp: number;
  readonly tokens: number;
  readonly lanes: number;
  /** Numbers of requests at once that are measured besides, a round each. */
  readonly otherLanes: readonly number[];
  readonly codes: number;
  /** A results file to compare with; `last` for the run before. */
  readonly against: string | undefined;
  /** False: not also at half the rate. */
  readonly atHalf: boolean;
  /** Of the files in results/. */
  readonly name: string;
  /** Where else the figures and the chart go; undefined: nowhere. */
  readonly publish: string | undefined;
  readonly help: boolean;
}

export const usage = `Measures Gatehouse beside bare node:http and its peers.

  npm run bench                               everything, about twenty minutes
  npm run bench:smoke                         introspection and refresh of Gatehouse alone, under a minute

  --only introspect,refresh   of ${operations.join(", ")}
  --servers gatehouse-sqlite  by the names in the tables
  --against last              compare with the run before, or with a JSON file
  --rounds 3  --seconds 3  --warm-up 5  --tokens 100000  --codes 500000
  --lanes 32,1,8,128          requests at once: of the tables, then those measured in one round each
  --no-at-half                do not measure at half the rate as well
  --name last                 the figures go to bench/results/last.json and last.md
  --publish docs              also write performance-figures.md and performance.svg there`;

/** @throws Error with a sentence when the arguments make no sense */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    allowNegative: true,
    options: {
      only: { type: "string", default: operations.join(",") },
      servers: { type: "string" },
      against: { type: "string" },
      publish: { type: "string" },
      name: { type: "string", default: "last" },
      "at-half": { type: "boolean", default: true },
      rounds: { type: "string", default: "3" },
      seconds: { type: "string", default: "3" },
      "warm-up": { type: "string", default: "5" },
      tokens: { type: "string", default: "100000" },
      lanes: { type: "string", default: "32,1,8,128" },
      codes: { type: "string", default: "500000" },
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "rounds" | "seconds" | "warm-up" | "tokens" | "codes") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} wants a number, not ${values[name]}`);
    return value;
  };
  const only = values.only.split(",").map((name) => {
    const operation = operations.find((known) => known === name);
    if (operation === undefined) throw new Error(`${name} is not one of ${operations.join(", ")}`);
    return operation;
  });
  const [lanes, ...otherLanes] = values.lanes.split(",").map(Number);
  if (lanes === undefined || ![lanes, ...otherLanes].every((each) => Number.isInteger(each) && each > 0)) {
    throw new Error(`--lanes wants whole numbers, not ${values.lanes}`);
  }
  const { publish } = values;
  // Not after half an hour.
  if (publish !== undefined && !existsSync(publish)) {
    throw new Error(`--publish wants a folder that exists, and ${resolve(publish)} does not`);
  }
  return {
    only,
    servers: values.servers?.split(","),
    rounds: number("rounds"),
    seconds: number("seconds"),
    warmUp: number("warm-up"),
    tokens: number("tokens"),
    lanes,
    otherLanes,
    codes: number("codes"),
    against: values.against,
    atHalf: values["at-half"],
    name: values.name,
    publish,
    help: values.help,
  };
}
