import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { variables } from "../../src/config/environment-variables.ts";
import { configuredKeys } from "../../src/start/keyed-store.ts";
import { aFolder, errorsOf } from "./config-file.ts";

const token = "introspection-token-1";

test("a secret's file in gatehouse.yaml is held to the same rules as one of a variable", (t) => {
  const folder = aFolder(t, {
    lf: `${token}\n`,
    crlf: `${token}\r\n`,
    bare: token,
    two: `${token}\n\n`,
    url: "sqlite:./from-a-file.db\n",
    empty: "",
    large: "x".repeat(65_537),
    open: token,
  });
  chmodSync(join(folder, "open"), 0o666);
  const read = (name: string) =>
    readConfig({ INTROSPECTION_TOKEN_FILE: join(folder, name) }, "command").settings.introspectionToken;
  for (const name of ["lf", "crlf", "bare"]) assert.equal(read(name), token, name);
  assert.throws(() => read("two"), /INTROSPECTION_TOKEN_FILE/);
  const { storage } = readConfig({ SQL_URL_FILE: join(folder, "url") }, "command");
  assert.equal(storage.kind === "sqlite" && storage.path, "./from-a-file.db");
  const secrets = Object.entries(variables).filter(([, about]) => "secret" in about || "inFile" in about);
  assert.equal(secrets.length, 5);
  for (const [name] of secrets) {
    const both = () =>
      readConfig({ [name]: "k".repeat(32), [`${name}_FILE`]: join(folder, "lf") }, "command");
    assert.throws(both, new RegExp(`${name}_FILE: .*because ${name} is set too`), name);
  }
  for (const [name, problem] of Object.entries({
    nowhere: /does not exist/,
    empty: /empty/,
    large: /more than 65536 bytes/,
    open: /everybody may write/,
    "": /a folder/,
  })) {
    const path = join(folder, name);
    assert.throws(() => read(name), problem, name);
    const yaml = `secrets:\n  introspection_token: { file: "${path}" }\n`;
    const [error] = errorsOf(t, yaml);
    assert.match(error?.found ?? "", problem);
    assert.match(error?.place ?? "", /:2:24$/);
    assert.doesNotMatch(JSON.stringify(error), new RegExp(token));
  }
  assert.deepEqual(errorsOf(t, `secrets:\n  introspection_token: { file: "${join(folder, "lf")}" }\n`), []);
});

test("the keys' file in the configuration file is the one that keys rotate writes", async (t) => {
  const folder = aFolder(t, { keys: `${"k".repeat(32)}\n${"o".repeat(32)}\n` });
  const config = readConfig({ SECRET_KEY_FILE: join(folder, "keys") }, "command");
  assert.equal(config.secretKeyFile, join(folder, "keys"));
  const { keys, path } = await configuredKeys(config);
  assert.deepEqual([keys.length, path], [2, join(folder, "keys")]);
});

test("a file of the keys that is a pipe, a device or the process's own environment is an error at once and shows nothing", async (t) => {
  const folder = aFolder(t, {});
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of [pipe, "/dev/zero", "/proc/self/environ"]) {
    const errors: string[] = [];
    try {
      readConfig({ INTROSPECTION_TOKEN_FILE: path }, "command");
    } catch (error) {
      errors.push(String(error));
    }
    await configuredKeys(readConfig({ SECRET_KEY_FILE: path }, "command")).catch((error: unknown) =>
      errors.push(String(error)),
    );
    assert.equal(errors.length, 2, path);
    assert.doesNotMatch(errors.join("\n"), /PATH=/);
  }
});
