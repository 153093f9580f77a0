import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { Timings } from "./timings.ts";

/** Milliseconds the disk takes to make 4 kB durable: no server that does so before it answers is faster. */
export interface Flushes {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
}

const count = 300;
const page = Buffer.alloc(4096, 1);

export function measureFlushes(folder: string): Flushes {
  const path = join(folder, "flushes");
  const file = openSync(path, "w");
  const timings = new Timings();
  for (let each = 0; each < count; each++) {
    const begun = performance.now();
    writeSync(file, page);
    fdatasyncSync(file);
    timings.add(performance.now() - begun);
  }
  closeSync(file);
  rmSync(path);
  return { median: timings.at(0.5), p99: timings.at(0.99), most: timings.at(1) };
}
