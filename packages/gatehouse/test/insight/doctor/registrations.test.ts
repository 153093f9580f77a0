import assert from "node:assert/strict";
import { test } from "node:test";
import { registrationsCheck } from "../../../src/insight/doctor/checks/registrations.ts";
import { runChecks } from "../../../src/insight/doctor/run-checks.ts";
import type { AuditRecord } from "../../../src/oauth/audit-record.ts";
import { shown } from "../../commands/doctor-outcome.ts";

const client = `dyn_${"a".repeat(22)}`;
const day = 86_400_000;

/** What is said of one app that nobody knows, by a database so old. */
async function told(age: number, removed: readonly string[] = []) {
  const now = 1000 * day;
  const record = (name: string, client: string, reason?: string) =>
    ({ name, client, reason, time: now - 1, facts: {} }) as unknown as AuditRecord;
  const records = [
    record("request_refused", client, "client unknown"),
    record("request_refused", `dyn_${"b".repeat(22)}`, "redirect_uri"),
    ...removed.map((each) => record("client_removed", each)),
  ];
  const { needs: _, ...check } = registrationsCheck({
    find: async ({ name }) => records.filter((each) => each.name === name),
    verify: async () => ({ records: 0, problems: [] }),
    resources: async () => [],
    now: () => now,
    bornAt: async () => now - age,
    forgottenAfter: 90 * day,
  });
  return (await runChecks([check])).map(shown).join();
}

test("an unknown registration is another database's only while none of its own can have been forgotten, and none was removed", async () => {
  assert.match(
    await told(3 * day),
    /^warn \| The database is 3 days old, and 1 app came in the last day with a registration of an earlier one/,
  );
  assert.equal(
    await told(91 * day),
    "ok | 1 app came in the last day with a registration forgotten for want of use; a page told how to renew it.",
  );
  assert.match(await told(3 * day, [client]), /^ok \| No app came/);
});
