import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config-errors.ts";
import { variables } from "../../src/config/environment-variables.ts";
import { runProcess } from "../commands/command-line.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-secrets-"));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function errorsOf(environment: Record<string, string>) {
  try {
    readConfig({ ...environment }, "command");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.errors;
  }
  return [];
}

const secret = "a-very-secret-introspection-token";

test("Y13 every secret may stand in a file, of which one line break at the end is left out and nothing else", () => {
  const read = (content: string) =>
    readConfig(
      {
        BASE_URL: "https://login.example.com",
        OAUTH2_CLIENT_ID: "id",
        OAUTH2_CLIENT_SECRET_FILE: file("client", "the client's secret\n"),
        INTROSPECTION_TOKEN_FILE: file("introspection", content),
        SQL_URL_FILE: file("url", "postgres://gate:hunter2@db/gate\n"),
        SECRET_KEY_FILE: file("key", `${"k".repeat(40)}\n`),
      },
      "serve",
    );
  for (const ending of ["", "\n", "\r\n"]) {
    const config = read(`${secret}${ending}`);
    assert.equal(config.settings.introspectionToken, secret);
    assert.partialDeepStrictEqual(config.providers, [{ clientSecret: "the client's secret" }]);
    assert.ok(config.storage.kind === "postgres");
    assert.equal(config.storage.url, "postgres://gate:hunter2@db/gate");
  }
  assert.throws(() => read(`${secret}\n${secret}\n`), /INTROSPECTION_TOKEN_FILE: a value of/);
  const inFiles = Object.entries(variables).filter(([, about]) => "secret" in about);
  for (const [name] of inFiles) {
    const content = name === "SMTP_URL" ? "smtps://gate:hunter2@mail.example.com" : "x".repeat(50);
    assert.deepEqual(errorsOf({ [`${name}_FILE`]: file("any", `${content}\n`) }), [], name);
  }
  const mistyped = errorsOf({ INTROSPECTION_TOKENS_FILE: file("t", secret) });
  assert.match(mistyped[0]?.expected ?? "", /^INTROSPECTION_TOKEN_FILE: did you mean that/);
});

test("a secret file that cannot be what is meant is named, and never quoted: missing, empty, a folder, too large, open to all, or set twice", () => {
  const big = file("big", "x".repeat(64 * 1024 + 1));
  const cases: [path: string, found: RegExp][] = [
    [join(folder, "none"), /none", which does not exist$/],
    [file("empty", ""), /which is empty$/],
    [file("blank", "\n"), /which is empty$/],
    [folder, /which is a folder$/],
    [big, /which has more than 65536 bytes$/],
  ];
  if (process.platform !== "win32") cases.push([file("open", secret, 0o666), /which everybody may write$/]);
  for (const [path, found] of cases) {
    const [error, ...others] = errorsOf({ INTROSPECTION_TOKEN_FILE: path });
    assert.deepEqual(others, []);
    assert.equal(error?.variable, "INTROSPECTION_TOKEN_FILE");
    assert.match(error?.found ?? "", found);
    assert.doesNotMatch(JSON.stringify(error), new RegExp(secret));
  }
  const [twice] = errorsOf({ INTROSPECTION_TOKEN: secret, INTROSPECTION_TOKEN_FILE: file("t", secret) });
  assert.match(twice?.expected ?? "", /nothing, because INTROSPECTION_TOKEN is set too/);
  assert.doesNotMatch(JSON.stringify(twice), new RegExp(secret));
});

test("Y-n4 what is no file is refused at once, and nothing of what it would give is told", {
  skip: process.platform === "win32",
}, async () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const link = join(folder, "link");
  symlinkSync("/dev/zero", link);
  mkdirSync(join(folder, "folder"));
  for (const path of ["/proc/self/environ", "/dev/zero", pipe, link, join(folder, "folder")]) {
    for (const variable of ["INTROSPECTION_TOKEN_FILE", "OAUTH2_CLIENT_SECRET_FILE", "SQL_URL_FILE"]) {
      const [error] = errorsOf({ [variable]: path });
      assert.match(error?.found ?? "", /which (is not a file|is a folder|is empty|does not exist)$/, path);
    }
  }
  const { code, out, err } = await runProcess(["resources", "list"], {
    SQL_URL_FILE: "/proc/self/environ",
    MARKER: "the-environment-of-this-process",
  });
  assert.equal(code, 2);
  assert.match(err, /SQL_URL_FILE\n {4}found {5}"\/proc\/self\/environ", which is empty\n/);
  assert.doesNotMatch(out + err, /the-environment-of/);
});
