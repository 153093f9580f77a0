import { errorCodes, RefusedCallError } from "../refusal.ts";
import { carelessly, folded } from "../spelling.ts";
import type { JsonReader } from "./json-reader.ts";

/** How much of one body is looked at closely: enough for any client, too little to keep a processor busy. */
export class Budget {
  #names = 4000;
  #bytes = 256 * 1024;

  /** For one name of an object. @param length in bytes */
  takeName(length: number): void {
    this.#names--;
    this.#bytes -= length;
    if (this.#names < 0 || this.#bytes < 0 || length > 256) exceeded("too many names, or too long ones");
  }

  /** For a value that decides. @param length in bytes */
  takeValue(length: number): void {
    this.#bytes -= length;
    if (this.#bytes < 0) exceeded("names and URIs that are too long");
  }
}

function exceeded(what: string): never {
  const { invalidRequest: code } = errorCodes;
  throw new RefusedCallError({ status: 400, code, message: `The body has ${what}.` });
}

/**
 * The names of one object. None may stand there twice, in whatever spelling, and none may merely look like
 * one that the door reads: parsers differ in which they take (RFC 8259 §4, W56).
 */
export class Names {
  readonly #read: ReadonlyMap<string, string>;
  readonly #budget: Budget;
  readonly #seen = new Set<string>();
  /** The first thing wrong with them, for the client's developer. */
  problem: string | undefined;

  /** @param read those that the door reads, by their careless spelling */
  constructor(read: ReadonlyMap<string, string>, budget: Budget) {
    this.#read = read;
    this.#budget = budget;
  }

  /** The next name, whose characters stand from `start` to `end`. */
  next(reader: JsonReader, start: number, end: number): string {
    this.#budget.takeName(end - start);
    const name = reader.textOf(start, end);
    const plainly = folded(name);
    const read = this.#read.get(carelessly(name));
    if (read !== undefined && read !== name) this.problem ??= `a name that looks like "${read}"`;
    else if (plainly === "__proto__") this.problem ??= "the name __proto__";
    else if (this.#seen.has(plainly)) this.problem ??= "one name twice, in whatever spelling";
    this.#seen.add(plainly);
    return name;
  }
}
