import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const read = (name: string) => JSON.parse(readFileSync(join(root, name), "utf8"));
const { packages } = read("package-lock.json") as {
  packages: Record<
    string,
    { version: string; integrity?: string; hasInstallScript?: true; bin?: { node?: string } }
  >;
};

test("the Node this repository runs on stands in the lock file with its hash, for each platform, and no script fetches it", () => {
  const { optionalDependencies } = read("package.json") as { optionalDependencies: Record<string, string> };
  const runtimes = Object.entries(packages).filter(([, { bin }]) => bin?.node !== undefined);
  assert.deepEqual(
    runtimes.map(([path]) => path).sort(),
    Object.keys(optionalDependencies)
      .map((name) => `node_modules/${name}`)
      .sort(),
  );
  for (const [path, { version, integrity, hasInstallScript }] of runtimes) {
    assert.equal(`v${version}`, process.version, path);
    assert.match(integrity ?? "", /^sha512-/, path);
    assert.equal(hasInstallScript, undefined, path);
  }
});

test("an installation with that Node says nothing", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "scripts/runtime.mjs")], {
    encoding: "utf8",
  });
  assert.deepEqual([status, stderr], [0, ""]);
});
