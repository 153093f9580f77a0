/**
 * `npm run build:executable [-- <file>]`: one file with Node, the program and all it reads inside, for the
 * platform it is made on. Into `dist/gatehouse-<platform>-<architecture>` when no file is named.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve, sep } from "node:path";
import { build } from "esbuild";

const root = resolve(import.meta.dirname, "../..");
const program = join(root, "packages/gatehouse");

/** @param file where it is written to */
export async function buildExecutable(file: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-executable-"));
  try {
    const main = join(folder, "gatehouse.mjs");
    await build({
      entryPoints: [join(import.meta.dirname, "entry.ts")],
      outfile: main,
      bundle: true,
      platform: "node",
      format: "esm",
      target: `node${process.versions.node}`,
      // An alternative driver that nobody installs; `pg` asks for it only when told to.
      external: ["pg-native"],
      // Dependencies in CommonJS ask for Node's own modules by it; in the executable there is nothing else to
      // be had.
      banner: {
        js: 'import { createRequire } from "node:module"; const require = createRequire(process.execPath);',
      },
      logLevel: "warning",
    });
    const configuration = join(folder, "executable.json");
    const settings = {
      main,
      mainFormat: "module",
      output: file,
      disableExperimentalSEAWarning: true,
      assets: Object.fromEntries(
        shippedFiles().map((path) => [relative(program, path).replaceAll(sep, "/"), path]),
      ),
    };
    writeFileSync(configuration, JSON.stringify(settings));
    mkdirSync(dirname(file), { recursive: true });
    execFileSync(process.execPath, ["--build-sea", configuration], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    // macOS runs nothing without a signature, and the one of Node's own makers ended with the change.
    if (process.platform === "darwin") execFileSync("codesign", ["--force", "--sign", "-", file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the program reads by `shipped-files.ts`: all that is no code. */
function shippedFiles(): string[] {
  const files = readdirSync(join(program, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name));
  return [...files, join(program, "package.json")];
}

if (import.meta.main) {
  const ending = process.platform === "win32" ? ".exe" : "";
  const usual = join(root, `dist/gatehouse-${process.platform}-${process.arch}${ending}`);
  const file = resolve(process.argv[2] ?? usual);
  await buildExecutable(file);
  console.log(file);
}
