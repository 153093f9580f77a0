import assert from "node:assert/strict";
import { test } from "node:test";
import { clockChecks, type ReadClock } from "../../../src/insight/doctor/checks/clocks.ts";
import { runChecks } from "../../../src/insight/doctor/run-checks.ts";
import { shown } from "../../commands/doctor-outcome.ts";

/** What is said where the provider is so far ahead, and these MCP servers. */
async function told(provider: number, ...witnesses: readonly number[]) {
  const clocks = [{ name: "that of Google", provider: "Google", ahead: async () => provider }];
  const ofOthers = witnesses.map(
    (ahead): ReadClock => ({ name: "that of notes.example", provider: undefined, ahead, isWitness: true }),
  );
  let asked = 0;
  const find = async () => {
    asked++;
    return ofOthers;
  };
  const checks = clockChecks(clocks, find, async () => undefined);
  const findings = await runChecks(checks.map(({ needs: _, ...check }) => check));
  return { findings: findings.map(shown), asked };
}

const oursFirst =
  "Set ours by NTP first (`timedatectl` says whether it is); if it is right, the provider's operator must set theirs. No restart.";

test("of two clocks that differ both checks say that one is wrong, and ours is to be looked at first", async () => {
  assert.deepEqual((await told(600)).findings, [
    `warn | Our clock is 600 s behind that of Google; nothing here tells which of them is right. | ${oursFirst}`,
    `fail | The clock of Google is 600 s ahead of ours: one of the two is wrong. | ${oursFirst}`,
  ]);
});

test("an MCP server that agrees with the provider tells that ours is wrong", async () => {
  assert.deepEqual((await told(600, 598)).findings, [
    "fail | Our clock is 600 s behind that of Google and that of notes.example. | Set ours: switch on NTP on this computer.",
    "warn | The clock of Google is 600 s ahead of ours, as is that of notes.example. | Set ours: see `clock.self`.",
  ]);
});

test("an MCP server that agrees with us tells that the provider's is wrong, unless it has our clock", async () => {
  const { findings } = await told(-600, 1);
  const elseOurs = `Else: s${oursFirst.slice(1)}`;
  assert.deepEqual(findings, [
    `warn | Our clock is 600 s ahead of that of Google, and agrees with that of notes.example. | If that is on another computer, ours is right: see \`clock.provider\`. ${elseOurs}`,
    `fail | The clock of Google is 600 s behind ours, which agrees with that of notes.example. | If that is on another computer, its operator must set it. ${elseOurs}`,
  ]);
});

test("while the clocks agree no MCP server is asked for its own", async () => {
  const { findings, asked } = await told(1, 600);
  assert.deepEqual(findings, [
    "ok | The clocks agree within 1 s.",
    "ok | Google answers with the right time.",
  ]);
  assert.equal(asked, 0);
});
