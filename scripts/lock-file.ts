import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const lock = JSON.parse(readFileSync(resolve(import.meta.dirname, "../package-lock.json"), "utf8")) as {
  packages: Record<string, LockedPackage>;
};

interface LockedPackage {
  readonly link?: true;
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * What is installed with the package at this path of the lock file, itself excepted: places in the lock file.
 */
export function installedWith(root: string): string[] {
  const found = new Set<string>();
  const open = [root];
  for (const path of open) {
    const { dependencies, optionalDependencies } = lock.packages[path] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const place = locate(name, path);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      open.push(place);
    }
  }
  return [...found].sort();
}

/** As node looks for it: in each `node_modules` upwards. A dependency of another platform is nowhere. */
function locate(name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const path = join(folder, "node_modules", name);
    const locked = lock.packages[path];
    if (locked !== undefined) return locked.link ? locked.resolved : path;
    if (folder === ".") return undefined;
  }
}
