import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { seconds } from "../../src/oauth/values.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { isActive } from "../support/oauth-client.ts";
import { theClient } from "./every-client.ts";
import { Installation, type Process } from "./installation.ts";
import { resourceOf, SimulatedClient } from "./simulate.ts";

const codex = theClient("Codex");
const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse({ LOG_LEVEL: "error" });
  await server.addResource(resourceOf(codex), { mcp: "Use your notes" });
});
after(() => server?.stop());

test("twenty processes share one file of credentials for a month, and nobody is signed out", async () => {
  const { clock, store } = server;
  const random = seededRandom(20_261_101);
  const between = (least: number, most: number) => least + Math.floor(random() * (most - least + 1));
  const losesOneOfFifty = () => (random() < 0.02 ? between(1, 8) : undefined);

  const installation = await Installation.signIn(server, new SimulatedClient(server, codex));
  const { grant } = installation;
  // Most look into the file before they refresh; some hold on to what they have, as Codex does (field notes
  // 1.3).
  const processes = Array.from({ length: 20 }, (_, at): Process => {
    return { trustsMemoryFor: at < 5 ? between(20, 55) * minute : 0, memory: undefined };
  });

  for (let today = 1; today <= 30; today++) {
    clock.advance(16 * hour);
    await store.sweep(clock.now(), 10_000, seconds(90 * day));
    const evening = clock.now() + 8 * hour;
    while (clock.now() < evening) {
      // So that each does about every eighty minutes.
      clock.advance(between(1, 12 * minute));
      const together = random() < 0.7 ? 1 : between(2, 4);
      await installation.refresh(pick(processes, together, random), losesOneOfFifty);
    }
  }

  for (const process of processes) await installation.refresh([process]);
  assert.equal(installation.grant, grant, "one lineage");
  const recent = installation.received.filter(({ at }) => at > clock.now() - hour);
  assert.ok(recent.length > processes.length);
  for (const { token } of recent) assert.ok(await isActive(server, token), "ended before its time");
});

/** So many different ones. */
function pick<T>(from: readonly T[], count: number, random: () => number): T[] {
  const left = [...from];
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat();
}

/** Mulberry32: numbers in [0, 1), the same each time, so that a failure can be repeated. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
