import assert from "node:assert/strict";
import { test } from "node:test";
import { asOcsf } from "../../../src/insight/export/ocsf.ts";
import { type AuditEventName, auditEventNames, meaningOf } from "../../../src/oauth/audit-events.ts";
import type { AuditRecord } from "../../../src/oauth/audit-record.ts";
import { aRecord } from "../sinks/records.ts";

/*
 * What the schema (1.6.0, schema.ocsf.io) requires of each class, besides what it requires of all, and which
 * activities the class has. A constraint is a list of which one must be there.
 */
const schema: Readonly<Record<number, { required: string[]; oneOf?: string[]; activities: number[] }>> = {
  3001: { required: ["user"], activities: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11] },
  3002: { required: ["user"], oneOf: ["service", "dst_endpoint"], activities: [1, 2, 3, 4, 5, 6] },
  3003: { required: ["user"], oneOf: ["privileges", "groups"], activities: [1, 2] },
  3004: { required: ["entity"], activities: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13] },
  3005: { required: ["user", "privileges"], activities: [1, 2] },
  6002: { required: ["app"], activities: [1, 2, 3, 4, 5, 6, 7, 8] },
  6003: { required: ["actor", "api", "src_endpoint"], activities: [1, 2, 3, 4] },
  6008: { required: [], activities: [1, 2] },
};
const requiredOfAll = [
  "activity_id",
  "category_uid",
  "class_uid",
  "metadata",
  "severity_id",
  "time",
  "type_uid",
];
/** Of objects: at least one of these. */
const objects: Readonly<Record<string, string[]>> = {
  user: ["account", "name", "uid"],
  entity: ["name", "uid"],
  service: ["name", "uid"],
  app: ["name", "uid"],
  src_endpoint: ["ip", "uid", "name", "hostname"],
  actor: ["process", "user", "invoked_by", "session", "app_name", "app_uid"],
};

function requireValid(event: Readonly<Record<string, unknown>>): void {
  const { class_uid: uid, activity_id: activity, category_uid: category, type_uid: type } = event;
  const of = schema[uid as number] ?? assert.fail(`no class ${String(uid)}`);
  for (const name of [...requiredOfAll, ...of.required])
    assert.ok(event[name] !== undefined, `${uid}: ${name}`);
  if (of.oneOf !== undefined)
    assert.ok(
      of.oneOf.some((name) => event[name] !== undefined),
      `${uid}: ${of.oneOf}`,
    );
  assert.ok(activity === 99 || of.activities.includes(activity as number), `${uid}: activity ${activity}`);
  assert.equal(type, (uid as number) * 100 + (activity as number));
  assert.equal(category, Math.floor((uid as number) / 1000));
  assert.ok(Number.isSafeInteger(event.time));
  assert.match(JSON.stringify(event.metadata), /"version":"\d+\.\d+\.\d+".*"product":\{"name":"/);
  for (const [name, members] of Object.entries(objects)) {
    const object = event[name] as Readonly<Record<string, unknown>> | undefined;
    if (object === undefined) continue;
    assert.ok(
      members.some((member) => typeof object[member] === "string" || typeof object[member] === "object"),
      name,
    );
    assert.ok(
      Object.values(object).every((value) => value !== undefined),
      name,
    );
  }
  if (event.api !== undefined) assert.equal(typeof (event.api as { operation: unknown }).operation, "string");
}

test("each event has a class and an activity of OCSF, with all that the class requires, whatever a record lacks", () => {
  for (const name of auditEventNames) {
    const { actor: kind, outcome } = meaningOf(name);
    const bare: AuditRecord = {
      id: "K7QM2XDA94TB-1",
      chain: "K7QM2XDA94TB",
      sequence: 1,
      time: 1_790_000_000_123,
      name,
      outcome,
      actor: { kind, id: undefined },
      instance: "web-1/4242",
      facts: {},
    };
    requireValid(asOcsf(bare, "1.2.3"));
    const facts = {
      tool: "search",
      scope: "notes:read notes:write",
      account: "ada@example.com",
      detail: "why",
    };
    requireValid(
      asOcsf(
        aRecord(2, {
          ...bare,
          actor: { kind, id: "somebody", how: "host", command: "gatehouse" },
          address: "192.0.2.7",
          facts,
        }),
        "1.2.3",
      ),
    );
  }
});

test("what an analyst looks for stands where OCSF has it", () => {
  const denied = asOcsf(
    aRecord(1, {
      name: "sign_in_denied",
      outcome: "refused",
      reason: "domain",
      actor: { kind: "person", id: "user_1" },
      subject: "user_1",
      address: "192.0.2.7",
    }),
    "1.2.3",
  );
  assert.deepEqual(
    [denied.class_uid, denied.activity_id, denied.status_id, denied.status_code, denied.severity_id],
    [3002, 1, 2, "domain", 2],
  );
  assert.deepEqual(denied.user, { uid: "user_1", type_id: 1 });
  assert.deepEqual(denied.src_endpoint, { ip: "192.0.2.7" });
  const called = asOcsf(
    aRecord(2, { name: "tool_called", facts: { tool: "search_notes", server: "notes" } }),
    "1.2.3",
  );
  assert.deepEqual(
    [called.class_uid, (called.api as { operation: string }).operation],
    [6003, "search_notes"],
  );
  assert.deepEqual(called.actor, { app_uid: "an-app" });
  const command = "gatehouse people block ada@example.com";
  const blocked = asOcsf(
    aRecord(3, { name: "person_blocked", actor: { kind: "operator", id: "root", command } }),
    "1.2.3",
  );
  assert.deepEqual([blocked.class_uid, blocked.activity_id], [3001, 5]);
  assert.deepEqual(blocked.actor, {
    user: { name: "root", uid: "root", type_id: 2 },
    process: { cmd_line: command },
  });
  assert.equal(asOcsf(aRecord(4, { name: "of_a_newer_version" as AuditEventName }), "1.2.3").class_uid, 6003);
});
