/*
 * Loaded into a server beside its own code (--import): four times a second it notes how long the event loop
 * was held up at most, in milliseconds, in the file that BENCH_PAUSES names.
 */
import { appendFile } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";

const path = process.env.BENCH_PAUSES;
const resolution = 1;
const histogram = monitorEventLoopDelay({ resolution });
histogram.enable();
setInterval(() => {
  const most = Math.max(0, histogram.max / 1e6 - resolution);
  histogram.reset();
  appendFile(`${path}.${process.pid}`, `${Date.now()} ${most.toFixed(2)}\n`, () => {});
}, 250).unref();
