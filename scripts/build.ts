/**
 * Builds what is published to npm: each package's `dist/`, plain JavaScript with types, and a package.json of its own that points at it. Within this
 * repository nothing is built: everything runs from `src/` (node takes no types off what lies in node_modules).
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const compiler = join(root, "node_modules/typescript/bin/tsc");

interface Manifest {
  readonly name: string;
  readonly exports?: Record<string, string>;
  readonly bin?: Record<string, string>;
  readonly publishConfig?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

/**
 * @param folder of the package, from the root
 * @param target where it is built to, made anew
 */
export function buildPackage(folder: string, target = join(root, folder, "dist")): void {
  const source = join(root, folder);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  compile(source, target);
  // What the compiler does not look at, such as SQL and stylesheets.
  for (const file of filesOf(join(source, "src")).filter((name) => !name.endsWith(".ts"))) {
    const copy = join(target, "src", relative(join(source, "src"), file));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
  copyLaunchers(source, target);
  for (const file of ["LICENSE", "README.md"]) {
    const own = join(source, file);
    cpSync(existsSync(own) ? own : join(root, file), join(target, file));
  }
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  writeFileSync(join(target, "package.json"), `${JSON.stringify(publishedManifest(manifest), null, 2)}\n`);
}

function compile(source: string, target: string): void {
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      allowImportingTsExtensions: true,
      rootDir: source,
      outDir: target,
    },
    include: [join(source, "src")],
  };
  const file = join(target, "tsconfig.json");
  writeFileSync(file, JSON.stringify(settings));
  execFileSync(process.execPath, [compiler, "-p", file], { cwd: root, stdio: "inherit" });
  rmSync(file);
}

/** `bin/` is plain JavaScript already; only what it loads has another name now. */
function copyLaunchers(source: string, target: string): void {
  const from = join(source, "bin");
  if (!existsSync(from)) return;
  mkdirSync(join(target, "bin"));
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), "utf8").replaceAll(/(\.\.\/src\/[\w./-]+)\.ts"/g, '$1.js"');
    writeFileSync(join(target, "bin", name), text, { mode: 0o755 });
  }
}

/** Besides what points into the sources, `engines`: in the workspace they would warn whoever installs with an older Node, which is allowed there. */
function publishedManifest({
  devDependencies: _development,
  scripts: _scripts,
  publishConfig: { engines, ...publishConfig } = {},
  ...manifest
}: Manifest): object {
  const entries = Object.entries(manifest.exports ?? {}).map(([name, path]) => {
    const built = path.replace(/\.ts$/, "");
    return [name, { types: `${built}.d.ts`, default: `${built}.js` }];
  });
  return {
    ...manifest,
    ...(engines === undefined ? {} : { engines }),
    ...(Object.keys(publishConfig).length > 0 ? { publishConfig } : {}),
    ...(entries.length > 0 ? { exports: Object.fromEntries(entries) } : {}),
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.main) {
  for (const folder of ["packages/resource-server", "packages/gatehouse"]) {
    buildPackage(folder);
    console.log(`${folder}/dist`);
  }
}
