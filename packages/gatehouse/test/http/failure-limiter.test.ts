import assert from "node:assert/strict";
import { test } from "node:test";
import { createFailureLimiter } from "../../src/http/failure-limiter.ts";
import { defaultBudgets } from "../../src/oauth/budgets.ts";

function aLimiter() {
  let time = 0;
  const limiter = createFailureLimiter({ budget: defaultBudgets.guesses, now: () => time });
  const pass = (milliseconds: number) => {
    time += milliseconds;
  };
  return { limiter, pass };
}

test("who fails too often at a target waits for the rest of the minute, and nobody else does", () => {
  const { limiter, pass } = aLimiter();
  for (let attempt = 0; attempt < 20; attempt++) {
    assert.equal(limiter.wait("203.0.113.7", "a"), 0);
    assert.equal(limiter.failed("203.0.113.7", "a"), 0);
  }
  assert.equal(limiter.wait("203.0.113.7", "a"), 60);
  assert.equal(limiter.failed("203.0.113.7", "a"), 60);
  pass(59_500);
  assert.equal(limiter.wait("203.0.113.7", "a"), 1);
  assert.equal(limiter.wait("203.0.113.7", "b"), 0, "another target");
  assert.equal(limiter.wait("203.0.113.8", "a"), 0, "another address");
  pass(500);
  assert.equal(limiter.wait("203.0.113.7", "a"), 0);
  assert.equal(limiter.failed("203.0.113.7", "a"), 0, "a new minute has begun");
});

test("who fails at this and that is told to wait, but shuts out nobody who shares the address", () => {
  const { limiter } = aLimiter();
  for (let attempt = 0; attempt < 200; attempt++)
    assert.equal(limiter.failed("203.0.113.7", `target ${attempt}`), 0);
  assert.equal(limiter.failed("203.0.113.7", undefined), 60);
  assert.equal(limiter.wait("203.0.113.7", "target 1"), 0);
});

test("who guesses from many addresses of one IPv6 subscriber waits all the same", () => {
  const { limiter } = aLimiter();
  for (let attempt = 1; attempt <= 20; attempt++) limiter.failed(`2001:db8:0:1::${attempt}`, "web");
  assert.ok(limiter.wait("2001:db8:0:1::ffff", "web") > 0);
  assert.equal(limiter.wait("2001:db8:0:1::ffff", "other"), 0);
  assert.equal(limiter.wait("2001:db8:0:2::1", "web"), 0);
});

test("a crowd of guessers fills no memory, and makes room when its minute is over", () => {
  const { limiter, pass } = aLimiter();
  for (let crowd = 0; crowd < 20_000; crowd++) limiter.failed(`10.1.${crowd >> 8}.${crowd & 255}`, "a");
  for (let attempt = 0; attempt < 30; attempt++) limiter.failed("203.0.113.7", "a");
  assert.equal(limiter.wait("203.0.113.7", "a"), 0, "uncounted");
  pass(60_000);
  for (let attempt = 0; attempt < 30; attempt++) limiter.failed("203.0.113.7", "a");
  assert.ok(limiter.wait("203.0.113.7", "a") > 0);
});

test("without limits nobody waits", () => {
  const limiter = createFailureLimiter({ budget: undefined });
  for (let attempt = 0; attempt < 300; attempt++) assert.equal(limiter.failed("203.0.113.7", "a"), 0);
  assert.equal(limiter.wait("203.0.113.7", "a"), 0);
});
