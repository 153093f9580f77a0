import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { test } from "node:test";

const interop = resolve(import.meta.dirname, "../interop/interop.ts");

/** As on a computer without any other language. */
const run = (...parameters: string[]) =>
  spawnSync(process.execPath, [interop, ...parameters], { env: { PATH: "" }, encoding: "utf8" });

test("without Python and Go the servers in other languages are named and left out", () => {
  const { status, stdout } = run();
  assert.match(
    stdout,
    /^python3 is not here .*docs\/servers\/python-fastmcp\.md, docs\/servers\/python-sdk\.md, docs\/gateway\.md \(python\)$/m,
  );
  assert.match(stdout, /^go is not here .*docs\/servers\/go\.md, docs\/gateway\.md \(go\)$/m);
  assert.equal(status, 0);
});

test("who requires a language is refused without it", () => {
  assert.equal(run("--require", "python,go").status, 1);
  assert.equal(run("--require", "cobol").status, 2);
  assert.equal(run("--requires", "go").status, 2);
});
