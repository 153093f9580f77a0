import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "../../../..");
const folder = join(import.meta.dirname, "previous-release");

export interface PreviousRelease {
  /** Its command, for node. */
  readonly command: string;
  remove(): void;
}

/** Unpacks the one that is kept; the libraries are those of this repository. */
export function unpackPreviousRelease(): PreviousRelease {
  const [tarball, ...more] = readdirSync(folder).filter((name) => name.endsWith(".tgz"));
  assert.ok(tarball !== undefined && more.length === 0, `not one tarball in ${folder}`);
  const unpacked = mkdtempSync(join(tmpdir(), "gatehouse-previous-"));
  execFileSync("tar", ["-xzf", join(folder, tarball)], { cwd: unpacked });
  symlinkSync(join(root, "node_modules"), join(unpacked, "node_modules"), "junction");
  return {
    command: join(unpacked, "package/bin/gatehouse.js"),
    remove: () => rmSync(unpacked, { recursive: true }),
  };
}
