import assert from "node:assert/strict";
import { test } from "node:test";
import { createConcurrencyLimit } from "../src/concurrency-limit.ts";

const patient = new AbortController().signal;

test("those in line take their turn in order, whoever has given up is passed over", async () => {
  const pass = createConcurrencyLimit({ atOnce: 1, inLine: 2 });
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const impatient = new AbortController();
  const work = (name: string) => async () => void order.push(name);

  const inside = pass(patient, () => first.promise);
  const second = pass(impatient.signal, work("second"));
  const third = pass(patient, work("third"));
  await assert.rejects(pass(patient, work("fourth")), /too many/, "the line is full");
  impatient.abort();
  await assert.rejects(second, /in time/);
  const fifth = pass(patient, work("fifth"));
  first.resolve();
  await Promise.all([inside, third, fifth]);
  assert.deepEqual(order, ["third", "fifth"]);
});

test("work that fails makes room as well, and a signal that comes after the turn changes nothing", async () => {
  const pass = createConcurrencyLimit({ atOnce: 1, inLine: 1 });
  const first = Promise.withResolvers<void>();
  const late = new AbortController();
  const inside = pass(patient, () => first.promise);
  const waiting = pass(late.signal, async () => "done");
  first.reject(new Error("no answer"));
  await assert.rejects(inside, /no answer/);
  assert.equal(await waiting, "done");
  late.abort();
  assert.equal(await pass(patient, async () => "next"), "next");
});
