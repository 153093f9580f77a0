import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { elidedCommand, operatorOf } from "../../src/commands/operator.ts";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import type { AuditRecord } from "../../src/oauth/audit-record.ts";
import type { Store } from "../../src/oauth/store.ts";
import { newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { runProcess } from "./command-line.ts";
import { aUsedDatabase, issuer, resource } from "./used-database.ts";

/* What the audit trail has of what an operator does at the command line, and who that is. */

/** What came to the trail since it was looked at last, oldest first. */
function aReader(store: Store) {
  const seen = new Set<string>();
  return async (): Promise<AuditRecord[]> => {
    const { records } = await store.findAudit({}, { order: "oldest", limit: 500 });
    const news = records.filter(({ id }) => !seen.has(id));
    for (const { id } of news) seen.add(id);
    return news;
  };
}

const brief = ({ name, outcome, reason, subject, client, resource }: AuditRecord) =>
  [name, outcome, reason, subject ?? client ?? resource].filter(Boolean).join(" ");

test("each command that changes something leaves one record, with whose account it was and which command, before it says that it is done", async (t) => {
  const { command, client, store, grant, olderKey, path, subject } = await aUsedDatabase(t);
  const news = aReader(store);
  assert.deepEqual((await news()).map(brief), [
    `resource_added success ${resource}`,
    "resource_added success https://bare.example.com/mcp",
  ]);
  const { grant: granted } = await grant();
  await grant();
  const redirect = ["--redirect-uri", "https://app.example/cb"];
  const acts: readonly (readonly [args: readonly string[], ...told: string[]])[] = [
    [["resources", "set", resource, "--name", "Notebook"], `resource_changed success ${resource}`],
    [["resources", "rotate", resource], `resource_credential_rotated success ${resource}`],
    [
      ["clients", "add", "--id", "web", "--auth-method", "client_secret_basic", ...redirect],
      "client_added success web",
    ],
    [["clients", "set", "web", "--name", "Web"], "client_updated success web"],
    [["clients", "rotate-secret", "web"], "client_credential_rotated success web"],
    [["clients", "remove", "web", "--yes"], "client_removed success web"],
    [["grants", "revoke", granted.id, "--yes"], `grant_revoked success ${subject}`],
    [["people", "disconnect", "ada@example.com", "--yes"], `person_disconnected success ${subject}`],
    [["people", "block", "ada@example.com", "--yes"], `person_blocked success ${subject}`],
    [["people", "unblock", "ada@example.com"], `person_unblocked success ${subject}`],
    [["people", "unblock", "ada@example.com"]],
    [["people", "invite", "ada@example.com"], `invitation_created success ${subject}`],
    [["people", "uninvite", "ada@example.com"], "invitation_created success cancelled"],
    [["people", "release", "ada@example.com", "--yes"], `address_released success ${subject}`],
    [
      ["people", "remove", "--issuer", `${issuer}/passkey`, "--subject", "ada", "--yes"],
      `person_removed success ${subject}`,
    ],
    [["keys", "rotate"], "key_rotated success"],
    [["keys", "retire", olderKey, "--force", "--yes"], "key_removed success"],
    [["backup", `${path}.backup`], "backup_made success"],
    [["resources", "remove", resource, "--yes"], `resource_removed success ${resource}`],
    [["migrate"]],
    [["migrate", "finalize"]],
    // Nothing of these opens the database to change it.
    [["clients", "list"]],
    [["config", "check"]],
    [["clients", "remove"]],
    // What is refused.
    [["clients", "remove", client.id], "command_refused refused refused"],
    [["clients", "remove", "nobody", "--yes"], "command_refused refused refused"],
    [["people", "block", "nobody@example.com", "--yes"], "command_refused refused refused"],
    [["grants", "revoke", "none", "--yes"], "command_refused refused refused"],
    [["keys", "retire", "00000000"], "command_refused refused refused"],
    [["backup", `${path}.backup`], "command_refused refused refused"],
    [["restore", `${path}.none`, "--yes"], "command_refused refused refused"],
  ];
  for (const [args, ...told] of acts) {
    const { code, err } = await command(args);
    const called = args.join(" ");
    const isRefused = told.some((each) => each.startsWith("command_refused"));
    if (told.length > 0)
      assert.equal(code, isRefused ? 1 + Number(/give --yes/.test(err)) : 0, `${called}: ${err}`);
    const records = await news();
    assert.deepEqual(records.map(brief), told, called);
    for (const { actor, reference, facts } of records) {
      const { kind, id, how, command: shown } = actor;
      assert.deepEqual([kind, id], ["operator", processShell({}).account().name]);
      assert.match(how ?? "", /^account on /);
      assert.ok(shown?.startsWith(`gatehouse ${args[0]}`), called);
      assert.match(reference ?? "", /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$/);
      if (isRefused) assert.ok(String(facts.detail).length > 5, called);
    }
  }
});

test("what cannot be written to the audit trail is said to be done without it, with exit code 1, and nobody hears that all went well", async (t) => {
  const { command, client, store, path } = await aUsedDatabase(t);
  const database = new DatabaseSync(path);
  database.exec(
    "create trigger broken before insert on gatehouse_audit_blocks begin select raise(abort, 'no room for audits'); end",
  );
  const { code, out, err } = await command(["clients", "remove", client.id, "--yes"]);
  assert.deepEqual([code, out], [1, ""]);
  assert.match(
    err,
    new RegExp(`client removed \\(${client.id}\\) is done, but the audit trail does not have it`),
  );
  assert.doesNotMatch(err, /Removed client/);
  assert.equal(await store.findClient(client.id), undefined);
  database.exec("drop trigger broken");
  database.close();
});

test("Z-n11 an operator is known by an account and how that is known, and never as the person that anybody could claim to be", async (t) => {
  const { environment, store } = await aUsedDatabase(t);
  const news = aReader(store);
  await news();
  const claims = {
    SUDO_USER: "ada\u001b[2J",
    USER: "root",
    LOGNAME: "root",
    USERNAME: "root",
    HOSTNAME: "h",
  };
  const rotated = await runProcess(["resources", "rotate", resource], { ...environment, ...claims });
  assert.equal(rotated.code, 0, rotated.err);
  const [record] = await news();
  const { name, uid, host } = processShell({}).account();
  assert.deepEqual(record?.actor, {
    kind: "operator",
    id: name,
    how: `account on ${host}, uid ${uid}, sudo by ada\uFFFD[2J (unverified)`,
    command: `gatehouse resources rotate ${resource}`,
  });
  // In a container there may be no name for the number.
  const nameless = {
    ...processShell({}),
    environment: {},
    account: () => ({ name: "uid 10001", uid: 10001, host: "3f2a90c1d4e5" }),
  };
  assert.deepEqual(operatorOf(nameless), {
    kind: "operator",
    id: "uid 10001",
    how: "account on 3f2a90c1d4e5, uid 10001",
  });
  const refused = { ...processShell(environment), account: nameless.account, complain: () => undefined };
  assert.equal(await runProgram(["clients", "remove", "nobody", "--yes"], refused), 1);
  const [last] = await news();
  assert.equal(last?.actor.id, "uid 10001");
  assert.equal(last?.actor.how, "account on 3f2a90c1d4e5, uid 10001");
});

test("the command in a record holds no secret, whatever somebody typed", () => {
  const key = newKeyText();
  const cases: readonly (readonly [args: readonly string[], shown: string])[] = [
    [["clients", "add", "--id", "web", "--secret", "hunter2"], "clients add --id web --secret …"],
    [["clients", "add", "--client-secret=hunter2", "-x"], "clients add --client-secret=… -x"],
    [["clients", "rotate-secret", "web", "--secret-stdin"], "clients rotate-secret web --secret-stdin"],
    [["restore", "--accept-new-key", "backup.db"], "restore --accept-new-key backup.db"],
    [["keys", "retire", key], "keys retire …"],
    [["resources", "rotate", `gatehouse_rs_${"a1".repeat(20)}`], "resources rotate …"],
    [["resources", "add", "gatehouse_rs_short"], "resources add 'gatehouse_rs_[removed]'"],
    [
      ["resources", "add", "https://ada:hunter2@notes.example/mcp?key=hunter2"],
      "resources add 'https://…@notes.example/mcp?key=…'",
    ],
    [["clients", "set", "web", "--name", "My app\u001b[31m"], "clients set web --name 'My app\uFFFD[31m'"],
  ];
  for (const [args, shown] of cases) assert.equal(elidedCommand(args), `gatehouse ${shown}`);
});
