import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { describeVariables } from "../../src/config/settings-table.ts";
import { aDatabase, anyProvider, runCommand, startCommand } from "./command-line.ts";

for (const args of [
  ["serve", "--help"],
  ["dev", "--help"],
]) {
  test(`gatehouse ${args.join(" ")} documents every variable, in groups`, async () => {
    const { code, out } = await runCommand(args);
    assert.equal(code, 0);
    for (const { name, group } of describeVariables()) {
      assert.match(out, new RegExp(`^${group}:$[\\s\\S]*^ +${name}$`, "m"));
    }
    assert.ok(out.split("\n").every((line) => line.length <= 110));
  });
}

test("the version names the product, Node and the platform", async () => {
  const { node } = process.versions;
  const out = `gatehouse ${manifest.version} (Node ${node}, ${process.platform} ${process.arch})\n`;
  assert.deepEqual(await runCommand(["--version"]), { code: 0, out, err: "" });
});

test("an unknown command is wrong usage, and the nearest one is suggested", async () => {
  const { code, out, err } = await runCommand(["serv"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /unknown command 'serv'/);
  assert.match(err, /Did you mean serve\?/);
});

test("without a command the help is shown, as wrong usage", async () => {
  const { code, out, err } = await runCommand([]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /Usage: gatehouse/);
});

test("all errors of the configuration are told, and nothing is started", async () => {
  const { code, out, err } = await runCommand(["serve"], {
    ...anyProvider,
    PORT: "no",
    SECRET_KEY: "hunter2",
    LOG_LEVEL: "loud",
  });
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /3 errors/);
  for (const name of ["PORT", "SECRET_KEY", "LOG_LEVEL"]) assert.match(err, new RegExp(`^ +${name}$`, "m"));
  assert.match(err, /found +a value of 7 characters/);
  assert.doesNotMatch(err, /hunter2/);
});

test("a misspelt variable is no variable that is not there: every command refuses, and names the right one", async () => {
  for (const args of [["serve"], ["dev"], ["clients", "list"], ["migrate", "--dry-run"]]) {
    const { code, out, err } = await runCommand(args, { ...anyProvider, ALLOWED_DOMAIN: "example.com" });
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, /^ +ALLOWED_DOMAIN$[\s\S]*ALLOWED_DOMAINS: did you mean that\?/m);
  }
});

test("a reader that goes away, as in gatehouse clients list | head, is no crash", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  assert.equal((await runCommand(["migrate"], database.environment)).code, 0);
  const child = startCommand(["clients", "list"], database.environment);
  child.stdout?.destroy();
  const [complaints, [code]] = await Promise.all([
    child.stderr === null ? "" : text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(complaints, "");
  assert.equal(code, 0);
});

test("a database that cannot be opened is told in a sentence", async () => {
  const { code, err } = await runCommand(["clients", "list"], { SQL_URL: "sqlite:/dev/null/gatehouse.db" });
  assert.equal(code, 1);
  assert.match(err, /^gatehouse: .+\n$/);
});
