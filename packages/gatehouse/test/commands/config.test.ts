import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileSchema } from "../../src/config/settings-table.ts";
import { aFolder } from "../config/config-file.ts";

const command = join(import.meta.dirname, "../../bin/gatehouse.js");

async function runIn(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [command, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, out, err };
}

interface Shown {
  readonly setting: string;
  readonly value: string;
  readonly from: string;
}

async function shown(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, out, err } = await runIn(cwd, ["config", "show", "--json", ...args], env);
  assert.equal(code, 0, err);
  const { settings } = JSON.parse(out) as { settings: readonly Shown[] };
  return (name: string) => {
    const { value, from } = settings.find(({ setting }) => setting === name) ?? assert.fail(name);
    return [value, from];
  };
}

const secretText = "hunter2-hunter2-hunter2-hunter2-hunter2";

test("Y09 config show tells of every setting what holds and where from, secrets only that they are set; config check opens nothing", async (t) => {
  const folder = aFolder(t, {
    "gatehouse.yaml": "server:\n  port: 1\n  host: ::1\n",
    "other.yaml": "server:\n  port: 2\n",
    "third.yaml": `server:\n  port: 3\nsecrets:\n  keys: [${secretText}]\n  introspection_token: {file: secret}\n`,
    secret: secretText,
  });
  const working = await shown(folder, [], { LOG_LEVEL: "debug" });
  assert.deepEqual(working("server.port"), ["1", "gatehouse.yaml:2:9"]);
  assert.deepEqual(working("log.level"), ["debug", "LOG_LEVEL"]);
  assert.deepEqual(working("tokens.code"), ["60s", "default"]);
  const named = { GATEHOUSE_CONFIG: "other.yaml" };
  assert.deepEqual((await shown(folder, [], named))("server.port"), ["2", "other.yaml:2:9"]);
  const third = await shown(folder, ["--config", "third.yaml"], named);
  assert.deepEqual(third("server.port"), ["3", "third.yaml:2:9"]);
  assert.deepEqual((await shown(folder, [], { ...named, PORT: "4" }))("server.port"), ["4", "PORT"]);
  assert.deepEqual(third("secrets.keys"), ["set", "third.yaml:4:9"]);
  assert.deepEqual(third("secrets.introspection_token"), ["set", "third.yaml:5:24 (the file secret)"]);
  const environment = { SQL_URL: `postgres://gate:${secretText}@db/gate?password=${secretText}` };
  for (const args of [["show"], ["show", "--json"]]) {
    const { out, err } = await runIn(folder, ["--config", "third.yaml", "config", ...args], environment);
    assert.doesNotMatch(out + err, /hunt|39/);
    assert.match(out, /postgres:\/\/db\/gate/);
  }
  const checking = ["config", "check", "--dev"];
  const checked = await runIn(folder, checking, { SQL_URL: "sqlite:./never/made.db" });
  assert.deepEqual(checked, { code: 0, out: "", err: "The configuration is in order.\n" });
  assert.deepEqual(readdirSync(folder).sort(), ["gatehouse.yaml", "other.yaml", "secret", "third.yaml"]);
});

test("config check and serve tell the same errors, with line and column, and touch nothing", async (t) => {
  const folder = aFolder(t, { "gatehouse.yaml": "server:\n  prot: 1\n  port: no\n" });
  const checked = await runIn(folder, ["config", "check"], { LOG_LEVEL: "loud" });
  const served = await runIn(folder, ["serve"], { LOG_LEVEL: "loud" });
  assert.deepEqual(served, checked);
  assert.equal(checked.code, 2);
  assert.match(checked.err, /the configuration has 5 errors/);
  assert.match(checked.err, /^ {2}gatehouse\.yaml:2:3 server\.prot\n.*\n.*server\.port: did you mean/m);
  const { code, out } = await runIn(folder, ["config", "check", "--json"]);
  const { errors } = JSON.parse(out) as { errors: readonly { place?: string }[] };
  assert.deepEqual([code, errors.length, errors[0]?.place], [2, 4, "gatehouse.yaml:2:3"]);
  assert.deepEqual(readdirSync(folder), ["gatehouse.yaml"]);
});

test("config schema prints the schema that the package brings", async (t) => {
  const { out } = await runIn(aFolder(t, {}), ["config", "schema"]);
  assert.deepEqual(JSON.parse(out), fileSchema());
});

test("every command reads the file: also those beside a server, and migrate", async (t) => {
  const folder = aFolder(t, { "gatehouse.yaml": "database:\n  url: sqlite:./from-file.db\n" });
  assert.equal((await runIn(folder, ["migrate"])).code, 0);
  assert.ok(readdirSync(folder).includes("from-file.db"));
  assert.equal((await runIn(folder, ["clients", "list"])).code, 0);
});

test("Y-n2 a file that nobody named, in a folder where others may put one, is refused; one that is named is taken", async (t) => {
  const folder = aFolder(t, {});
  chmodSync(folder, 0o777);
  writeFileSync(join(folder, "gatehouse.yaml"), "server:\n  port: 1\n");
  const { code, out, err } = await runIn(folder, ["config", "show"]);
  assert.deepEqual([code, out], [2, ""]);
  assert.ok(err.includes(folder), err);
  assert.deepEqual((await shown(folder, ["--config", "gatehouse.yaml"]))("server.port")[0], "1");
  chmodSync(join(folder, "gatehouse.yaml"), 0o666);
  const written = await runIn(folder, ["config", "check", "--dev", "--config", "gatehouse.yaml"]);
  assert.equal(written.code, 2);
  assert.match(written.err, /everybody may write/);
  assert.equal((await runIn(folder, ["config", "check", "--config", "nowhere.yaml"])).code, 2);
});
