import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import manifest from "../../package.json" with { type: "json" };
import { describeVariables } from "../../src/config/settings-table.ts";
import { aDatabase, anyProvider, runCommand, runProcess, startCommand } from "./command-line.ts";

for (const args of [
  ["serve", "--help"],
  ["dev", "--help"],
]) {
  test(`gatehouse ${args.join(" ")} documents every variable, in groups`, async () => {
    const { code, out } = await runProcess(args);
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
  assert.deepEqual(await runProcess(["--version"]), { code: 0, out, err: "" });
});

test("an unknown command is wrong usage, and the nearest one is suggested", async () => {
  const { code, out, err } = await runProcess(["serv"]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /unknown command 'serv'/);
  assert.match(err, /Did you mean serve\?/);
});

test("without a command the help is shown, as wrong usage", async () => {
  const { code, out, err } = await runProcess([]);
  assert.equal(code, 2);
  assert.equal(out, "");
  assert.match(err, /Usage: gatehouse/);
});

test("all errors of the configuration are told, and nothing is started", async () => {
  const { code, out, err } = await runProcess(["serve"], {
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
    const { code, out, err } = await runProcess(args, { ...anyProvider, ALLOWED_DOMAIN: "example.com" });
    assert.equal(code, 2, args.join(" "));
    assert.equal(out, "");
    assert.match(err, /^ +ALLOWED_DOMAIN$[\s\S]*ALLOWED_DOMAINS: did you mean that\?/m);
  }
});

test("a reader that goes away, as in gatehouse config schema | head, is no crash", async () => {
  const child = startCommand(["config", "schema"]);
  child.stdout?.destroy();
  const [complaints, [code]] = await Promise.all([
    child.stderr === null ? "" : text(child.stderr),
    once(child, "close"),
  ]);
  assert.equal(complaints, "");
  assert.equal(code, 0);
});

test("each command ends as a process as it does within one: its answer on standard output, its words on standard error, its code", async (t) => {
  const [one, other] = [await aDatabase(), await aDatabase()];
  for (const database of [one, other]) t.after(database.remove);
  const inputs = ["", "", "the-secret-of-the-web-client-that-it-had\n", "", "", "", "", "", ""];
  const commands = [
    ["migrate"],
    ["resources", "add", "https://notes.example.com/mcp", "--credential-stdin"],
    ["clients", "add", "--id", "web", "--redirect-uri", "https://app.example.com/cb", "--secret-stdin"],
    ["clients", "list", "--json"],
    ["keys", "list"],
    ["people", "show", "nobody@example.com"],
    ["config", "check"],
    ["health"],
    ["restore", "/nowhere/there.db"],
  ];
  for (const [at, args] of commands.entries()) {
    const within = await runCommand(args, { ...anyProvider, ...one.environment, PORT: "1" }, inputs[at]);
    const apart = await runProcess(args, { ...anyProvider, ...other.environment, PORT: "1" }, inputs[at]);
    const here = JSON.stringify(within).replaceAll(one.path, other.path);
    assert.deepEqual(apart, JSON.parse(here), args.join(" "));
  }
});

test("a database that cannot be opened is told in a sentence", async () => {
  const { code, err } = await runProcess(["clients", "list"], { SQL_URL: "sqlite:/dev/null/gatehouse.db" });
  assert.equal(code, 1);
  assert.match(err, /^gatehouse: .+\n$/);
});
