import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { openCommandAudit } from "../../src/start/audit.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { anAccount, later, now, unique } from "../contract/records.ts";
import { aDatabase, runCommand, startCommand, untilPrinted } from "./command-line.ts";

/** What stands in the lines of an export. */
interface Line {
  readonly id: string;
  readonly time: string;
  readonly name: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** A database with an audit trail, and what writes more into it, as a chain of its own each time. */
async function aTrail(t: TestContext) {
  const { path, environment, remove } = await aDatabase();
  const store = await openSqliteStore({ path });
  t.after(async () => {
    await store.close();
    await remove();
  });
  const config = loadConfig({ environment }, "command");
  return {
    path,
    environment,
    store,
    audit: (...args: readonly string[]) => runCommand(["audit", ...args], environment),
    async record(...events: Parameters<Awaited<ReturnType<typeof openCommandAudit>>["record"]>[0][]) {
      const audit = await openCommandAudit(config, store);
      for (const event of events) await audit.record(event);
      await audit.close();
    },
  };
}

const namesIn = (out: string) =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => /\d\d {2}(\w+)/.exec(line)?.[1]);
const linesOf = (out: string) =>
  out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);

test("Z20 audit tail, search and export find records by person, client, resource, event, address, reference, grant and time, and an export goes on where it ended", async (t) => {
  const { environment, store, audit, record, path } = await aTrail(t);
  const account = anAccount({ email: "ada@example.com" });
  const session = { account, replaces: undefined, authTime: now, expiresAt: later(900) };
  await store.openSession({ sessionHash: hashSecret(unique()), ...session });
  const { subject } = account;
  const [client, resource, grant] = ["an-app", "https://notes.example.com/mcp", "a-grant"];
  const request = "K7QM-2XDA-94TB";
  await record({ name: "sign_in", request, subject, address: "192.0.2.7" });
  await record({ name: "code_redeemed", request: "-", subject, client, resource, grant });
  await record({ name: "limit_reached", request: "-", reason: "token", address: "192.0.2.8" });

  for (const [args, found] of [
    [[], ["limit_reached", "code_redeemed", "sign_in"]],
    [
      ["--person", "ada@example.com"],
      ["code_redeemed", "sign_in"],
    ],
    [["--person", subject, "--client", client], ["code_redeemed"]],
    [["--resource", resource], ["code_redeemed"]],
    [["--grant", grant, "--since", "1h"], ["code_redeemed"]],
    [["--event", "sign_in"], ["sign_in"]],
    [["--address", "192.0.2.7"], ["sign_in"]],
    [["--reference", "k7qm2xda94tb"], ["sign_in"]],
    [["--until", "2020-01-01"], []],
    [["--limit", "1"], ["limit_reached"]],
  ] as const) {
    const { code, out, err } = await audit("search", ...args);
    assert.equal(code, 0, err);
    assert.deepEqual(namesIn(out), found, args.join(" "));
    const json = await audit("search", ...args, "--json");
    assert.deepEqual(
      (JSON.parse(json.out) as Line[]).map(({ name }) => name),
      found,
    );
  }
  for (const args of [
    ["--event", "sign_on"],
    ["--reference", "K7QM"],
    ["--since", "yesterday"],
    ["--limit", "0"],
  ]) {
    const { code, out, err } = await audit("search", ...args);
    assert.deepEqual([code, out], [2, ""], err);
  }
  assert.equal((await audit("search", "--person", "nobody@example.com")).code, 1);

  const tail = await audit("tail", "--limit", "2");
  assert.deepEqual(namesIn(tail.out), ["code_redeemed", "limit_reached"]);
  assert.match(tail.out, /limit_reached .* refused .* client .*reason=token/);

  const first = await audit("export", "--limit", "2");
  assert.deepEqual(
    linesOf(first.out).map(({ name }) => name),
    ["sign_in", "code_redeemed"],
  );
  const [, cursor = ""] = /--after (\S+)/.exec(first.err) ?? [];
  await record({ name: "sign_out", request: "-", subject });
  const second = await audit("export", "--after", cursor);
  assert.deepEqual(
    linesOf(second.out).map(({ name }) => name),
    ["limit_reached", "sign_out"],
  );
  const file = `${path}.cursor`;
  assert.equal(linesOf((await audit("export", "--cursor-file", file)).out).length, 4);
  await record({ name: "console_entered", request: "-", subject });
  const more = await audit("export", "--cursor-file", file);
  assert.deepEqual([linesOf(more.out).map(({ name }) => name), more.err], [["console_entered"], ""]);
  assert.equal((await audit("export", "--cursor-file", file)).out, "");
  assert.match((await readFile(file, "utf8")).trim(), /^[A-Za-z0-9_-]+$/);
  await writeFile(file, "nonsense");
  const refused = await audit("export", "--cursor-file", file);
  assert.deepEqual([refused.code, refused.out], [1, ""]);
  assert.equal((await audit("export", "--cursor-file", file, "--after", cursor)).code, 2);

  const ocsf = await audit("export", "--format", "ocsf", "--since", "1h");
  const classes = ocsf.out
    .split("\n")
    .filter(Boolean)
    .map((line) => (JSON.parse(line) as { class_uid: number }).class_uid);
  assert.deepEqual(classes, [3002, 3002, 6003, 3002, 3003]);

  // Of other processes, while it follows.
  const following = startCommand(["audit", "tail", "--follow", "--limit", "1"], environment);
  t.after(() => following.kill("SIGKILL"));
  await untilPrinted(following, /console_entered/);
  const printed = untilPrinted(following, /grant_revoked.*\n/);
  await record({ name: "grant_revoked", request: "-", subject, grant });
  assert.doesNotMatch(await printed, /console_entered|sign_out/);
  const ended = once(following, "exit");
  following.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});
