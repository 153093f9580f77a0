import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { AuthorizationServer } from "../../packages/resource-server/test/support/authorization-server.ts";
import { type EmptyFolders, emptyFolders } from "./empty-folders.ts";
import { otherNode } from "./other-nodes.ts";

/* The kit as npm installs it, on each Node it promises, loaded each way it promises. */

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);

let here: EmptyFolders;
let installed: string;
let authorizationServer: AuthorizationServer;
before(async () => {
  here = await emptyFolders();
  installed = await here.install("@mcp-gatehouse/resource-server", "kit");
  cpSync(join(import.meta.dirname, "programs"), installed, { recursive: true });
  authorizationServer = await AuthorizationServer.start();
  authorizationServer.tokens.set("alices", {
    active: true,
    aud: "http://localhost:8081/mcp",
    client_id: "agent-7",
    sub: "alice",
    scope: "mcp",
    exp: Math.floor(Date.now() / 1000) + 3600,
  });
});
after(async () => {
  here?.close();
  await authorizationServer?.close();
});

test("Y04 the installed kit works on Node 20, 22, 24 and 26, imported and required, with one copy when both are used, without a warning", async (t) => {
  for (const major of [20, 22, 24, 26]) {
    await t.test(`Node ${major}`, async (t) => {
      const node = process.versions.node.startsWith(`${major}.`) ? process.execPath : otherNode(t, major);
      if (node === undefined) return;
      const { issuer, credential } = authorizationServer;
      for (const program of ["imported.mjs", "required.cjs", "both.mjs"]) {
        const { stdout, stderr }: Record<"stdout" | "stderr", string> = await run(
          node,
          [program, issuer, credential],
          { cwd: installed },
        );
        assert.deepEqual([stdout, stderr], [`v${major} 401 200 200 alice\n`, ""], program);
      }
    });
  }
});

test("Y05 the kit compiles strictly in nodenext, from ESM and CommonJS, and with a bundler; publint and attw find nothing in either package", async () => {
  const types = join(installed, "node_modules/@types");
  mkdirSync(types);
  // What a project on Node has besides; the kit itself brings no dependency.
  symlinkSync(join(root, "node_modules/@types/node"), join(types, "node"));
  symlinkSync(join(root, "node_modules/undici-types"), join(installed, "node_modules/undici-types"));
  for (const [module, moduleResolution] of [
    ["NodeNext", "NodeNext"],
    ["ESNext", "Bundler"],
  ]) {
    const settings = {
      compilerOptions: {
        target: "ES2022",
        module,
        moduleResolution,
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        verbatimModuleSyntax: false,
        skipLibCheck: false,
        noEmit: true,
        types: ["node"],
        preserveSymlinks: true,
      },
      files: module === "NodeNext" ? ["typed.mts", "typed.cts"] : ["typed.mts"],
    };
    writeFileSync(join(installed, "tsconfig.json"), JSON.stringify(settings));
    compile(installed);
  }
  // A compiler that took everything for `any` would have found nothing either.
  const spoiled = readFileSync(join(installed, "typed.mts"), "utf8").replace(
    "requiredScopes",
    "requiredScope",
  );
  writeFileSync(join(installed, "typed.mts"), spoiled);
  assert.throws(() => compile(installed), /requiredScope/);

  for (const file of Object.values(here.packed)) {
    const tarball = readFileSync(file);
    const { messages, pkg } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
      level: "suggestion",
      strict: true,
    });
    assert.deepEqual(
      messages.map((message) => formatMessage(message, pkg)),
      [],
    );
  }
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(here.packed.kit)));
  assert.ok("problems" in analysis, "the kit's types were not found");
  const problems = analysis.problems.filter(
    // The resolution before `exports`, of Node before 12 and of old compilers, is not promised.
    (problem) => !("resolutionKind" in problem && problem.resolutionKind === "node10"),
  );
  assert.deepEqual(problems, []);
});

function compile(folder: string): void {
  try {
    execFileSync(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", "."], {
      cwd: folder,
      encoding: "utf8",
      stdio: "pipe",
    });
  } catch (error) {
    throw new Error((error as { stdout: string }).stdout);
  }
}
