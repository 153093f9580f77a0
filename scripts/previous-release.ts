/**
 * `npm run previous-release -- <revision>`: keeps what is released from that revision as the previous
 * release, which the test of rolling restarts runs beside the present sources.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const kept = join(root, "packages/gatehouse/test/upgrade/previous-release");
const git = (...args: string[]) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

const [revision] = process.argv.slice(2);
if (revision === undefined) {
  console.error("Usage: npm run previous-release -- <tag or revision>");
  process.exit(2);
}
const commit = git("rev-parse", "--short", "--verify", `${revision}^{commit}`);
const folder = mkdtempSync(join(tmpdir(), "gatehouse-previous-"));
const sources = join(folder, "sources");
try {
  git("worktree", "add", "--detach", sources, commit);
  symlinkSync(join(root, "node_modules"), join(sources, "node_modules"), "junction");
  execFileSync(process.execPath, [join(sources, "scripts/pack.ts"), folder], { stdio: "inherit" });
  const [packed = ""] = readdirSync(folder).filter((name) => /^mcp-gatehouse-\d.*\.tgz$/.test(name));
  const old = readdirSync(kept).filter((name) => name.endsWith(".tgz"));
  for (const name of old) rmSync(join(kept, name));
  copyFileSync(join(folder, packed), join(kept, packed.replace(/\.tgz$/, `-${commit}.tgz`)));
} finally {
  git("worktree", "remove", "--force", sources);
  rmSync(folder, { recursive: true, force: true });
}
