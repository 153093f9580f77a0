/**
 * Builds what is published to npm: each package's `dist/`, plain JavaScript, and a package.json of its own
 * that points at it. Within this repository nothing is built: everything runs from `src/` (node takes no
 * types off what lies in node_modules).
 */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const compiler = join(root, "node_modules/typescript/bin/tsc");

interface Manifest {
  readonly name: string;
  readonly publishConfig?: Record<string, unknown>;
  readonly [member: string]: unknown;
}

/** Where each package is built to. */
export const serverBuild = join(root, "packages/gatehouse/dist");
export const kitBuild = join(root, "packages/resource-server/dist");

/** The server: a program, nothing to import. @param target made anew */
export function buildServer(target = serverBuild): void {
  const source = join(root, "packages/gatehouse");
  empty(target);
  compile(source, join(source, "src"), target, { rewriteRelativeImportExtensions: true });
  // What the compiler does not look at, such as SQL and stylesheets; not the rooms' door plates.
  for (const file of filesOf(join(source, "src")).filter((name) => !/\.(?:ts|md)$/.test(name))) {
    const copy = join(target, "src", relative(join(source, "src"), file));
    mkdirSync(dirname(copy), { recursive: true });
    cpSync(file, copy);
  }
  copyLaunchers(join(source, "bin"), join(target, "bin"));
  finish(source, target, { "./package.json": "./package.json" });
}

/**
 * The kit: CommonJS, which every Node ≥ 20 loads from both sides, and an ES module that hands on the very
 * same objects. So there is one copy of everything, whoever loads it how, and no need of a Node that can
 * `require()` an ES module.
 * @param target made anew
 */
export function buildKit(target = kitBuild): void {
  const source = join(root, "packages/resource-server");
  empty(target);
  const commonjs = join(target, "cjs");
  compile(join(source, "src"), join(source, "src"), commonjs, {
    declaration: true,
    module: "CommonJS",
    moduleResolution: "Bundler",
    verbatimModuleSyntax: false,
    rewriteRelativeImportExtensions: true,
  });
  writeFileSync(join(commonjs, "package.json"), '{ "type": "commonjs" }\n');
  // The compiler leaves `.ts` in declarations, which no tool but itself can follow.
  for (const file of filesOf(commonjs).filter((name) => name.endsWith(".d.ts"))) {
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replaceAll(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
  finish(source, target, {
    ".": kitExport(target, "index"),
    "./parts": kitExport(target, "parts"),
    "./package.json": "./package.json",
  });
}

/** Writes the ES module beside a compiled file, and says where both are. */
function kitExport(target: string, name: string): object {
  const names = Object.keys(createRequire(import.meta.url)(join(target, `cjs/${name}.js`)) as object);
  writeFileSync(join(target, `${name}.js`), `export { ${names.join(", ")} } from "./cjs/${name}.js";\n`);
  writeFileSync(join(target, `${name}.d.ts`), `export * from "./cjs/${name}.js";\n`);
  return {
    import: { types: `./${name}.d.ts`, default: `./${name}.js` },
    require: { types: `./cjs/${name}.d.ts`, default: `./cjs/${name}.js` },
  };
}

function empty(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
}

/** @param inputs folder of what is compiled; @param base folder that `target` mirrors */
function compile(base: string, inputs: string, target: string, options: object): void {
  mkdirSync(target, { recursive: true });
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      noEmit: false,
      typeRoots: [join(root, "node_modules/@types")],
      rootDir: base,
      outDir: target,
      ...options,
    },
    include: [inputs],
  };
  const file = join(target, "tsconfig.json");
  writeFileSync(file, JSON.stringify(settings));
  execFileSync(process.execPath, [compiler, "-p", file], { cwd: root, stdio: "inherit" });
  rmSync(file);
}

/** `bin/` is plain JavaScript already; only what it loads has another name now. */
function copyLaunchers(from: string, to: string): void {
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), "utf8").replaceAll(/(\.\.\/src\/[\w./-]+)\.ts"/g, '$1.js"');
    writeFileSync(join(to, name), text, { mode: 0o755 });
  }
}

/** Licence, README and the published package.json. */
function finish(source: string, target: string, exports: object): void {
  for (const file of ["LICENSE", "README.md"]) {
    const own = join(source, file);
    cpSync(existsSync(own) ? own : join(root, file), join(target, file));
  }
  const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Manifest;
  const published = { ...publishedManifest(manifest), exports };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(published, null, 2)}\n`);
}

/**
 * Without what only the workspace needs. `engines` of the server come from `publishConfig`: in the workspace
 * they would warn whoever installs with an older Node, which is allowed there. The repository's address is
 * known to the workflow that publishes (`GITHUB_REPOSITORY`): npm's provenance compares it.
 */
function publishedManifest(manifest: Manifest): object {
  const { devDependencies: _development, scripts: _scripts, publishConfig = {}, ...kept } = manifest;
  const { engines, ...publishing } = publishConfig;
  const { GITHUB_SERVER_URL: host, GITHUB_REPOSITORY: repository } = process.env;
  return {
    ...kept,
    ...(engines === undefined ? {} : { engines }),
    ...(Object.keys(publishing).length > 0 ? { publishConfig: publishing } : {}),
    ...(host === undefined || repository === undefined
      ? {}
      : { repository: { type: "git", url: `git+${host}/${repository}.git` } }),
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.main) {
  buildKit();
  buildServer();
  for (const folder of [kitBuild, serverBuild]) console.log(relative(root, folder));
}
