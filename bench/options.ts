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
  --rounds 3  --seconds 3  --warm-up 5  --tokens 1000000  --lanes 32  --codes 500000
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
      tokens: { type: "string", default: "1000000" },
      lanes: { type: "string", default: "32" },
      codes: { type: "string", default: "500000" },
      help: { type: "boolean", default: false },
    },
  });
  const number = (name: "rounds" | "seconds" | "warm-up" | "tokens" | "lanes" | "codes") => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} wants a number, not ${values[name]}`);
    return value;
  };
  const only = values.only.split(",").map((name) => {
    const operation = operations.find((known) => known === name);
    if (operation === undefined) throw new Error(`${name} is not one of ${operations.join(", ")}`);
    return operation;
  });
  return {
    only,
    servers: values.servers?.split(","),
    rounds: number("rounds"),
    seconds: number("seconds"),
    warmUp: number("warm-up"),
    tokens: number("tokens"),
    lanes: number("lanes"),
    codes: number("codes"),
    against: values.against,
    atHalf: values["at-half"],
    name: values.name,
    publish: values.publish,
    help: values.help,
  };
}
