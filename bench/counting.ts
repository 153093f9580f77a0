/**
 * What counting for metrics costs by itself: nanoseconds of CPU time of each part, the best of seven runs.
 *
 *   cd bench && npm run counting
 */
import type { AuditEvent } from "../packages/gatehouse/src/oauth/ports.ts";
import type { Store } from "../packages/gatehouse/src/oauth/store.ts";
import { measuredStore } from "../packages/gatehouse/src/telemetry/metrics/measured-store.ts";
import { Meter } from "../packages/gatehouse/src/telemetry/metrics/meter.ts";

const meter = new Meter({ outcomes: ["ok"], limits: [], providers: [], signIns: [] });
const note = meter.measure("/introspect");
const silent = { emit: (_event: AuditEvent) => undefined, record: () => Promise.resolve() };
const counting = meter.counting(silent);
const event: AuditEvent = { name: "token_refreshed", request: "K7QM-2XDA-94TB" };
const plain = { findCode: async () => undefined } as unknown as Store;
const measured = measuredStore(plain, new Map());
const runs = 1_000_000;

async function cpu(what: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 7; round++) {
    const before = process.cpuUsage();
    for (let run = 0; run < runs; run++) {
      const answer = what();
      if (answer instanceof Promise) await answer;
    }
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / runs);
  }
  return best;
}

const unused = undefined as never;
const parts: readonly (readonly [string, number])[] = [
  [
    "an answer, noted",
    await cpu(() => {
      const begun = performance.now();
      note("ok", (performance.now() - begun) / 1000);
    }),
  ],
  ["an event, counted", (await cpu(() => counting.emit(event))) - (await cpu(() => silent.emit(event)))],
  [
    "an operation of the store, every sixteenth timed",
    (await cpu(() => measured.findCode(unused))) - (await cpu(() => plain.findCode(unused))),
  ],
];
for (const [name, nanoseconds] of parts) console.log(`${name}: ${nanoseconds.toFixed(0)} ns`);
