import assert from "node:assert/strict";
import { test } from "node:test";
import {
  maxTraceSteps,
  placeOfTrace,
  type StoredTraceStep,
  type TraceSurplus,
} from "../../src/oauth/store/traces.ts";
import type { TraceStep } from "../../src/oauth/trace-step.ts";
import { times, unique } from "./records.ts";
import type { StoreUnderTest } from "./store-under-test.ts";

const noon = 1_800_000_000_000;

export function aStep(over: Partial<TraceStep> = {}): StoredTraceStep {
  const step: TraceStep = {
    reference: unique(),
    time: noon,
    instance: "web-1/1",
    step: "authorization_received",
    outcome: "ok",
    ...over,
  };
  return { ...step, json: JSON.stringify(step) };
}

/** What a store promises about the steps of attempts. */
export function tracesContract(tested: StoreUnderTest): void {
  const append = (...steps: StoredTraceStep[]) => tested.store.appendTraceSteps(steps);
  const stepsOf = async (reference: string) =>
    (await tested.store.findTrace(reference)).map(({ step }) => step);

  test("the steps of an attempt stand in the order in which they came, from whichever process", async () => {
    const reference = unique();
    await append(
      aStep({
        reference,
        rule: "redirect_uri",
        expected: "https://ä/",
        received: "'\"\\;--",
        facts: { a: "b" },
      }),
      aStep(),
      aStep({ reference, step: "provider_asked", time: noon + 1 }),
    );
    await append(aStep({ reference, step: "browser_returned", time: noon + 2, instance: "web-2/1" }));
    const [first, ...others] = await tested.store.findTrace(reference);
    assert.deepEqual(
      { ...first, expected: first?.expected, received: first?.received },
      {
        reference,
        time: noon,
        instance: "web-1/1",
        step: "authorization_received",
        outcome: "ok",
        rule: "redirect_uri",
        expected: "https://ä/",
        received: "'\"\\;--",
        facts: { a: "b" },
      },
    );
    assert.deepEqual(
      others.map(({ step, instance }) => [step, instance]),
      [
        ["provider_asked", "web-1/1"],
        ["browser_returned", "web-2/1"],
      ],
    );
    assert.deepEqual(await tested.store.findTrace("nobody's"), []);
  });

  test("steps that several processes add to one attempt at the same time all stand", async () => {
    const [one, other] = [unique(), unique()];
    const writers = times(8, () => 0).map((_, at) =>
      append(
        aStep({ reference: at % 2 === 0 ? one : other, instance: `w${at}`, facts: { n: "1" } }),
        aStep({ reference: at % 2 === 0 ? other : one, instance: `w${at}`, facts: { n: "1" } }),
        aStep({ reference: one, instance: `w${at}`, facts: { n: "2" } }),
      ),
    );
    await Promise.all(writers);
    const found = await tested.store.findTrace(one);
    assert.equal(found.length, 16);
    for (const at of times(8, () => 0).map((_, each) => each)) {
      const own = found.filter(({ instance }) => instance === `w${at}`).map(({ facts }) => facts?.n);
      assert.deepEqual(own, ["1", "2"]);
    }
    assert.equal((await tested.store.findTrace(other)).length, 8);
  });

  test("attempts are listed by their latest step, newest first, by client, person and time, page by page", async () => {
    const client = unique();
    const subject = unique();
    const base = noon + 1_000_000;
    const references = times(7, () => unique());
    for (const [at, reference] of references.entries()) {
      await append(aStep({ reference, client, time: base + at * 10 }));
    }
    const [first = "", second = ""] = references;
    await append(
      aStep({ reference: second, subject, step: "access_refused", outcome: "refused", time: base + 500 }),
    );
    await append(aStep({ reference: first, subject, step: "code_sent", time: base + 400 }));
    const list = async (query: Parameters<typeof tested.store.findTraces>[0], limit = 100) => {
      const pages: string[][] = [];
      for (let after: string | undefined; ; ) {
        const { traces, next } = await tested.store.findTraces(query, { limit, after });
        pages.push(traces.map(({ reference }) => reference));
        if (next === undefined) return pages;
        after = next;
      }
    };
    const newestFirst = [second, first, ...references.slice(2).reverse()];
    assert.deepEqual(await list({ client }), [newestFirst]);
    assert.deepEqual(await list({ client }, 3), [
      newestFirst.slice(0, 3),
      newestFirst.slice(3, 6),
      newestFirst.slice(6),
    ]);
    // Behind any of them, also where no page ended.
    const [, , third] = (await tested.store.findTraces({ client }, { limit: 100 })).traces;
    const after = placeOfTrace(third ?? assert.fail());
    const rest = await tested.store.findTraces({ client }, { limit: 100, after });
    assert.deepEqual(
      rest.traces.map(({ reference }) => reference),
      newestFirst.slice(3),
    );
    assert.deepEqual(await list({ subject }), [[second, first]]);
    assert.deepEqual(await list({ subject, client, until: base + 500 }), [[first]]);
    assert.deepEqual(await list({ since: base + 400, until: base + 501 }), [[second, first]]);
    assert.deepEqual(await list({ client, since: base + 50 }), [
      [second, first, references[6], references[5]],
    ]);
    assert.deepEqual(await list({ client: "' or 1=1 --" }), [[]]);
    const [found] = (await tested.store.findTraces({ subject }, { limit: 1 })).traces;
    assert.deepEqual(found, {
      reference: second,
      first: base + 10,
      last: base + 500,
      client,
      subject,
      step: "access_refused",
      outcome: "refused",
      steps: 2,
    });
    // One that a slow process wrote late does not decide how the attempt stands.
    await append(aStep({ reference: second, time: base + 20 }));
    assert.equal((await tested.store.findTraces({ subject }, { limit: 1 })).traces[0]?.outcome, "refused");
  });

  test("of an attempt so many steps are kept and the rest is counted, so that nobody fills the store through one", async () => {
    const reference = unique();
    const client = unique();
    for (const part of times(3, () => 0).map((_, at) => at)) {
      await append(
        ...times(90, () => 0).map((_, at) =>
          aStep({ reference, client, facts: { at: String(part * 90 + at) } }),
        ),
      );
    }
    const found = await tested.store.findTrace(reference);
    assert.equal(found.length, maxTraceSteps);
    assert.equal(found.at(-1)?.facts?.at, String(maxTraceSteps - 1));
    assert.equal((await tested.store.findTraces({ client }, { limit: 1 })).traces[0]?.steps, 270);
  });

  test("what is too old goes, and what is too much, those of strangers and those of people each by themselves", async () => {
    const trim = async (surplus: Partial<TraceSurplus["bytes"]> & { before?: number }, limit: number) => {
      const { before = 0, signedIn = 0, other = 0 } = surplus;
      return tested.store.trimTraces({ before, bytes: { signedIn, other } }, limit);
    };
    const empty = { signedIn: 0, other: 0 };
    await trim({ before: Number.MAX_SAFE_INTEGER }, 10_000);
    const nothing = await trim({ before: Number.MAX_SAFE_INTEGER, signedIn: 1e12, other: 1e12 }, 10);
    assert.deepEqual(nothing, { attempts: 0, bytes: empty });
    assert.deepEqual(await tested.store.countTraceBytes(), empty);
    const strangers = times(20, () => unique());
    const people = times(20, () => unique());
    for (const [at, reference] of strangers.entries()) await append(aStep({ reference, time: noon + at }));
    for (const [at, reference] of people.entries()) {
      await append(aStep({ reference, time: noon + at }));
      await append(aStep({ reference, time: noon + at, subject: "user_1" }));
    }
    const left = async (references: readonly string[]) => {
      const found = await Promise.all(references.map(stepsOf));
      return found.filter((steps) => steps.length > 0).length;
    };
    const { attempts, bytes } = await trim({ before: noon + 5 }, 6);
    assert.deepEqual([attempts, bytes], [6, empty], "a batch at a time, for their age alone");
    assert.equal((await trim({ before: noon + 5 }, 6)).attempts, 4);
    assert.deepEqual([await left(strangers), await left(people)], [15, 15]);
    assert.equal(await left(strangers.slice(0, 5)), 0, "the oldest went");

    const full = await tested.store.countTraceBytes();
    assert.ok(full.other > 15 * 500 && full.other < 15 * 1000, `${full.other} bytes of strangers`);
    assert.ok(full.signedIn > full.other * 1.5, "two steps, and two batches");
    const one = full.other / 15;
    const some = await trim({ other: 7.5 * one }, 3);
    assert.deepEqual(some, { attempts: 3, bytes: { signedIn: 0, other: 3 * one } }, "a batch at a time");
    const rest = await trim({ other: 4.5 * one, signedIn: -1 }, 500);
    assert.deepEqual(rest, { attempts: 5, bytes: { signedIn: 0, other: 5 * one } }, "as many as are enough");
    assert.deepEqual(await tested.store.countTraceBytes(), { ...full, other: 7 * one });
    assert.deepEqual(
      [await left(strangers.slice(-7)), await left(strangers), await left(people)],
      [7, 7, 15],
    );
    const gone = await trim({ signedIn: 1e12 }, 500);
    assert.deepEqual(gone, { attempts: 15, bytes: { signedIn: full.signedIn, other: 0 } });
    assert.deepEqual([await left(strangers), await left(people)], [7, 0]);
  });
}
