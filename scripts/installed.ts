/**
 * Whether `node_modules` is what package-lock.json asks for. After a pull that brought or renamed a package,
 * this says so at once, instead of the compiler in a hundred lines. Exits 1 with what to do.
 */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  packages: Record<string, { version?: string; link?: true; optional?: true }>;
};

const missing = Object.entries(packages)
  .filter(([path, { optional }]) => path.includes("node_modules/") && !optional)
  .filter(([path, { version }]) => !isInstalled(join(root, path, "package.json"), version))
  .map(([path]) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length));

if (missing.length > 0) {
  const some = missing.slice(0, 3).join(", ");
  const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
  console.error(`node_modules is not what package-lock.json asks for (${some}${more}): run npm install`);
  process.exit(1);
}

/** @param version of the lock file; absent for a link into the workspace */
function isInstalled(manifest: string, version: string | undefined): boolean {
  if (!existsSync(manifest)) return false;
  return (
    version === undefined ||
    (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version === version
  );
}
