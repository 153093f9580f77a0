import assert from "node:assert/strict";
import { test } from "node:test";
import { surplusOf } from "../../src/storage/sqlite/registrations.ts";

/** Registrations by whom and when, as a store has them. */
type Registrations = ReadonlyMap<string, readonly number[]>;

/** The rule in so many words: the oldest of whoever has most, again and again; of several the oldest. */
function oneByOne(registrations: Registrations, count: number): string[] {
  const left = new Map([...registrations].map(([from, times]) => [from, [...times]]));
  return Array.from({ length: count }, () => {
    const most = Math.max(...[...left.values()].map((times) => times.length));
    const largest = [...left].filter(([, times]) => times.length === most);
    const [from, times] = largest.toSorted(([, one], [, other]) => (one[0] ?? 0) - (other[0] ?? 0))[0] ?? [];
    times?.shift();
    return from ?? "";
  });
}

function atOnce(registrations: Registrations, count: number): string[] {
  const all = [...registrations].map(([from, times]) => ({
    from,
    held: times.length,
    oldest: times[0] ?? 0,
  }));
  const ageOf = (from: string, at: number) => registrations.get(from)?.[at] ?? Number.NaN;
  return surplusOf(all, count, ageOf).flatMap(({ from, surplus }) => Array<string>(surplus).fill(from));
}

test("whose registrations go at once is what one after the other gives: of those with most, the oldest first", () => {
  for (let seed = 1; seed <= 300; seed++) {
    let state = seed;
    const dice = (limit: number) => {
      state = (state * 48_271) % 2_147_483_647;
      return state % limit;
    };
    let time = 0;
    const registrations = new Map<string, number[]>();
    for (let made = 5 + dice(60); made > 0; made--) {
      const from = `registrant ${dice(1 + dice(12))}`;
      registrations.set(from, [...(registrations.get(from) ?? []), ++time]);
    }
    const count = dice(time + 1);
    const [went, expected] = [atOnce(registrations, count), oneByOne(registrations, count)];
    assert.deepEqual(went.toSorted(), expected.toSorted(), `seed ${seed}`);
  }
});
