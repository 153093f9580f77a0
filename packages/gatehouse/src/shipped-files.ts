/**
 * The files that come with the program: migrations, styles, copies of clients' documents, its own
 * package.json. They lie beside it, or inside it when it is the single executable (scripts/executable/).
 * Whoever needs one asks here; nobody else looks where the program lies.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sea from "node:sea";

const packageFolder = join(import.meta.dirname, "..");

/** @param path from the package's folder, with slashes: `src/pages/style.css` */
export function readShippedFile(path: string): string {
  return sea.isSea() ? sea.getAsset(path, "utf8") : readFileSync(join(packageFolder, path), "utf8");
}

/** The version of the program. */
export function programVersion(): string {
  return (JSON.parse(readShippedFile("package.json")) as { version: string }).version;
}

/**
 * Paths of the files in a folder of the package that end so, in the order of their names: what
 * `readShippedFile` takes.
 */
export function listShippedFiles(folder: string, ending: string): string[] {
  const paths = sea.isSea()
    ? sea.getAssetKeys().filter((path) => path.startsWith(`${folder}/`))
    : readdirSync(join(packageFolder, folder)).map((name) => `${folder}/${name}`);
  return paths.filter((path) => path.endsWith(ending)).sort();
}
