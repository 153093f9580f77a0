import assert from "node:assert/strict";
import { test } from "node:test";
import { type DoctorCheck, findingsOf, SkippedCheck } from "../../../src/insight/doctor/check.ts";
import { runChecks } from "../../../src/insight/doctor/run-checks.ts";

const checkOf = (id: string, run: DoctorCheck["run"], needs: readonly string[] = []) => ({ id, needs, run });
const passes = (id: string, needs?: readonly string[]) =>
  checkOf(id, async () => findingsOf(id).ok("It is well."), needs);
const results = (findings: Awaited<ReturnType<typeof runChecks>>) =>
  findings.map(({ id, result }) => `${id} ${result}`);

test("a check that breaks or never ends has failed, what needs it is skipped, and all the others are made", async () => {
  const findings = await runChecks(
    [
      checkOf("breaks", () => Promise.reject(new Error("no such thing"))),
      checkOf("throws", () => {
        throw new Error("at once");
      }),
      checkOf("hangs", () => new Promise(() => undefined)),
      passes("after a failure", ["breaks"]),
      passes("after what was skipped", ["after a failure"]),
      checkOf("cannot be made", () => Promise.reject(new SkippedCheck("There is none."))),
      passes("works"),
      passes("after it", ["works"]),
    ],
    { checkMs: 20 },
  );
  assert.deepEqual(results(findings), [
    "breaks fail",
    "throws fail",
    "hangs fail",
    "after a failure skipped",
    "after what was skipped skipped",
    "cannot be made skipped",
    "works ok",
    "after it ok",
  ]);
  assert.match(findings[0]?.finding ?? "", /no such thing/);
  assert.match(findings[2]?.finding ?? "", /did not end/);
  assert.match(findings[3]?.finding ?? "", /breaks/);
});

test("checks that do not need each other are made together", async () => {
  const met = Promise.withResolvers<void>();
  const findings = await runChecks(
    [
      checkOf("waits", async () => {
        await met.promise;
        return findingsOf("waits").ok("The other came.");
      }),
      checkOf("comes", async () => {
        met.resolve();
        return [findingsOf("comes").ok("It came."), findingsOf("comes").warn("Late.", "Come sooner.")];
      }),
    ],
    { checkMs: 5000 },
  );
  assert.deepEqual(results(findings), ["waits ok", "comes ok", "comes warn"]);
});

test("all checks together end in their time, also those that had no turn", async () => {
  const findings = await runChecks(
    [
      checkOf("hangs", () => new Promise(() => undefined)),
      checkOf("too", () => new Promise(() => undefined)),
    ],
    { allMs: 20 },
  );
  assert.deepEqual(results(findings), ["hangs fail", "too fail"]);
});
