import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { type TestContext, test } from "node:test";
import { createGuard, type ProtectionOptions } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { aliceMay, resource, StandingClock } from "./support/notes-server.ts";

const atOnce = 16;
const inLine = 1000;

/** A guard before an authorization server that keeps every question until the test lets it go. */
async function start(t: TestContext, options: Partial<ProtectionOptions> = {}) {
  const authorizationServer = await AuthorizationServer.start();
  t.after(authorizationServer.close);
  const { issuer, credential } = authorizationServer;
  const failures: string[] = [];
  const { now } = new StandingClock();
  const guard = createGuard({
    issuer,
    resource,
    credential,
    cacheSeconds: 0,
    clock: () => now,
    onFailure: ({ message }) => failures.push(message),
    ...options,
  });
  const call = (token: string) =>
    guard.check({ method: "POST", url: "/mcp", authorization: [`Bearer ${token}`] });
  const burst = (size: number) => Array.from({ length: size }, (_, i) => call(`token-${i}`));

  const held: ServerResponse[] = [];
  let wake = () => {};
  const hold = () => {
    authorizationServer.misbehave = (response) => {
      held.push(response);
      wake();
    };
  };
  hold();
  return {
    authorizationServer,
    failures,
    call,
    burst,
    held,
    /** Keeps every question from now on, as at the beginning. */
    hold,
    /** Resolves once so many questions are kept. */
    async untilHeld(count: number) {
      while (held.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    /** Answers all that are kept, and from now on every question at once. */
    release() {
      const answer = (response: ServerResponse) => void response.end(JSON.stringify(aliceMay("")));
      authorizationServer.misbehave = answer;
      held.splice(0).forEach(answer);
    },
  };
}

test("connections are used again", async (t) => {
  const { authorizationServer, call, release } = await start(t);
  release();
  for (let i = 0; i < 50; i++) assert.ok((await call(`token-${i}`)).ok);
  assert.equal(authorizationServer.questions, 50);
  // One may be opened while the other has not yet been put back.
  assert.ok(authorizationServer.connections() <= 2, `${authorizationServer.connections()} connections`);
});

test("hundreds of tokens at once share a few connections, and each gets its answer", async (t) => {
  const { authorizationServer, burst, held, untilHeld, release } = await start(t);
  const verdicts = burst(500);
  await untilHeld(atOnce);
  assert.equal(held.length, atOnce);
  release();
  assert.ok((await Promise.all(verdicts)).every(({ ok }) => ok));
  assert.equal(authorizationServer.questions, 500);
  assert.ok(
    authorizationServer.connections() <= 2 * atOnce,
    `${authorizationServer.connections()} connections`,
  );
});

test("who finds the line full is refused at once, the others are served", async (t) => {
  const { burst, failures, untilHeld, release } = await start(t);
  const verdicts = burst(atOnce + inLine + 10);
  await untilHeld(atOnce);
  const late = await Promise.all(verdicts.slice(-10));
  assert.ok(late.every((verdict) => !verdict.ok && verdict.answer.status === 503));
  assert.equal(failures.length, 10);
  assert.match(failures.join(), /too many questions/);
  release();
  assert.ok((await Promise.all(verdicts.slice(0, -10))).every(({ ok }) => ok));
});

test("tokens that were good before are asked about while a thousand others wait, and do not wait behind them", async (t) => {
  const { call, burst, hold, untilHeld, release } = await start(t);
  release();
  for (const name of ["alice", "bob"]) assert.ok((await call(name)).ok);
  hold();
  const flood = burst(atOnce + inLine + 10);
  const late = await Promise.all(flood.slice(-10));
  assert.ok(
    late.every(({ ok }) => !ok),
    "the line of the unknown is full",
  );
  await untilHeld(atOnce);
  const known = [call("alice"), call("bob")];
  await untilHeld(atOnce + known.length);
  release();
  assert.ok((await Promise.all([...known, ...flood.slice(0, -10)])).every(({ ok }) => ok));
});

test("in line or asked, nobody waits longer than for an answer, and afterwards all is free again", {
  timeout: 60_000,
}, async (t) => {
  const { burst, call, failures, release } = await start(t, { timeoutSeconds: 0.5 });
  const verdicts = await Promise.all(burst(200));
  assert.ok(verdicts.every((verdict) => !verdict.ok && verdict.answer.status === 503));
  assert.equal(failures.length, 200);
  release();
  // On a busy machine an answer may take longer than that once, or twice; what is not free again never
  // answers.
  while (!(await call("later")).ok);
});
