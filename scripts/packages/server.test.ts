import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { freePort } from "../../packages/gatehouse/test/support/free-port.ts";
import { isNpxOfSomebodyElse } from "../names.ts";
import { type EmptyFolders, emptyFolders } from "./empty-folders.ts";
import { otherNode } from "./other-nodes.ts";
import { running, servesPasskeys } from "./running.ts";

/*
 * What a stranger gets from npm, used as a stranger would: installed by name into an empty folder. Node reads
 * no TypeScript below node_modules, so nothing else proves that the packages work.
 */

const root = resolve(import.meta.dirname, "../..");
const launcher = "node_modules/mcp-gatehouse/bin/gatehouse.js";

let here: EmptyFolders;
let installed: string;
before(async () => {
  here = await emptyFolders();
  installed = await here.install("mcp-gatehouse", "server");
});
after(() => here?.close());

test("Y02 the tarballs hold what the program needs and nothing else, and a source folder cannot be packed", () => {
  for (const [name, file] of Object.entries(here.packed)) {
    const folder = here.folder(`unpacked-${name}`);
    execFileSync("tar", ["-xzf", basename(file), "-C", folder], { cwd: dirname(file) });
    const paths = readdirSync(folder, { recursive: true, encoding: "utf8" });
    const files = paths.filter((path) => statSync(join(folder, path)).isFile());
    for (const needed of ["LICENSE", "README.md", "package.json"]) {
      assert.ok(files.includes(join("package", needed)), `${needed} in ${file}`);
    }
    const unwanted = files.filter(
      (path) =>
        /(?<!\.d)\.ts$|\.test\.|tsconfig|\.map$/.test(path) || /[\\/](?:test|fixtures?)[\\/]/.test(path),
    );
    assert.deepEqual(unwanted, []);
    for (const path of files) {
      const text = readFileSync(join(folder, path), "utf8");
      assert.ok(
        !text.includes(root) && !text.includes(dirname(here.packed.kit)),
        `a path of here in ${path}`,
      );
      assert.ok(!isNpxOfSomebodyElse(text), path);
    }
  }
  for (const source of ["packages/gatehouse", "packages/resource-server"]) {
    const { status, stderr } = spawnSync("npm", ["pack", "--dry-run"], {
      cwd: join(root, source),
      encoding: "utf8",
      shell: process.platform === "win32",
    });
    assert.notEqual(status, 0);
    assert.match(stderr, /^This folder holds sources.* npm run pack .*\.$/m);
  }
});

for (const major of [20, 22]) {
  test(`on Node ${major} the server says which Node it needs, in one line`, (t) => {
    const node = otherNode(t, major);
    if (node === undefined) return;
    const { status, stdout, stderr } = spawnSync(node, [launcher, "serve"], {
      cwd: installed,
      encoding: "utf8",
    });
    assert.equal(status, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      new RegExp(`^gatehouse needs Node.js 24 or newer; this is v${major}\\.[\\d.]+\\.\\n$`),
    );
  });
}

test("Y03 engines name the oldest Node: 24 for the server, 20 for the kit; an older one is told so before anything it cannot parse", (t) => {
  const enginesOf = (name: string) =>
    JSON.parse(readFileSync(join(installed, "node_modules", name, "package.json"), "utf8")).engines;
  assert.deepEqual(enginesOf("mcp-gatehouse"), { node: ">=24" });
  assert.deepEqual(enginesOf("@mcp-gatehouse/resource-server"), { node: ">=20" });
  const node = otherNode(t, 20);
  if (node === undefined) return;
  // Whatever lies behind the check may be what that Node cannot parse.
  const folder = here.folder("unparsable");
  mkdirSync(join(folder, "bin"));
  mkdirSync(join(folder, "src"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "src/main.js"), "using this = {;");
  writeFileSync(join(folder, "bin/gatehouse.js"), readFileSync(join(installed, launcher)));
  const { status, stderr } = spawnSync(node, ["bin/gatehouse.js"], { cwd: folder, encoding: "utf8" });
  assert.deepEqual([status, stderr.trim().split("\n").length], [1, 1], stderr);
});

for (const major of [24, 26]) {
  test(`on Node ${major} the installed server serves, with its migrations, stylesheet and script, and warns of nothing`, async (t) => {
    const ours = process.versions.node.startsWith(`${major}.`);
    const node = ours ? process.execPath : otherNode(t, major);
    if (node === undefined) return;
    const port = await freePort();
    const url = `http://localhost:${port}`;
    const server = spawn(node, [join(installed, launcher), "serve"], {
      cwd: here.folder(`serve-on-${major}`),
      env: {
        PATH: process.env.PATH,
        PORT: String(port),
        // Nobody signs in here.
        OAUTH2_CLIENT_ID: "gatehouse",
        OAUTH2_CLIENT_SECRET: "secret",
        UPSTREAM_ISSUER: "http://localhost:1",
        ALLOWED_DOMAINS: "example.com",
        PASSKEYS: "on",
      },
    });
    const { stderr } = await running(t, server, /"listening"/);
    await servesItsPages(url);
    await servesPasskeys(url);
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    assert.doesNotMatch(stderr(), /Warning/);
  });
}

test("Y06 installed are at most 75 packages without install scripts; npx mcp-gatehouse dev works in an empty folder, writes there only and asks only the registry", async (t) => {
  const manifests = readdirSync(join(installed, "node_modules"), { recursive: true, encoding: "utf8" })
    .filter((path) => /(?:^|node_modules[\\/])(?:@[^\\/]+[\\/])?[^\\/@]+[\\/]package\.json$/.test(path))
    .map((path) => join(installed, "node_modules", path));
  assert.ok(manifests.length > 20 && manifests.length - 1 <= 75, `${manifests.length} packages`);
  for (const path of manifests) {
    const { scripts = {} } = JSON.parse(readFileSync(path, "utf8")) as { scripts?: Record<string, string> };
    for (const name of ["preinstall", "install", "postinstall"]) assert.ok(!(name in scripts), path);
    assert.ok(!existsSync(join(dirname(path), "binding.gyp")), path);
  }
  await runsByNpx(t, here.folder("npx"));
});

test("Y-n1 a malicious gatehouse in the folder is not what the documented command runs", async (t) => {
  const folder = here.folder("trap");
  mkdirSync(join(folder, "node_modules/.bin"), { recursive: true });
  const trap = `#!/bin/sh\ntouch ${join(folder, "caught")}\n`;
  writeFileSync(join(folder, "node_modules/.bin/gatehouse"), trap, { mode: 0o755 });
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ scripts: { gatehouse: "touch caught", dev: "touch caught" } }),
  );
  await runsByNpx(t, folder, ["node_modules", "package.json"]);
  assert.ok(!existsSync(join(folder, "caught")));
});

/** @param besides what lies in the folder already */
async function runsByNpx(t: TestContext, folder: string, besides: string[] = []): Promise<void> {
  const port = await freePort();
  const connections = join(here.folder("connections"), basename(folder));
  writeFileSync(connections, "");
  const server = spawn("npx", ["--yes", "mcp-gatehouse", "dev"], {
    cwd: folder,
    shell: process.platform === "win32",
    detached: process.platform !== "win32",
    env: {
      ...here.environment,
      PORT: String(port),
      DEMO_PORT: String(await freePort()),
      CONNECTIONS: connections,
      NODE_OPTIONS: `--import ${join(import.meta.dirname, "record-connections.mjs")}`,
    },
  });
  await running(t, server, /Gatehouse is running/);
  await servesItsPages(`http://localhost:${port}`);
  const hosts = new Set(readFileSync(connections, "utf8").trim().split("\n"));
  assert.ok(hosts.has("127.0.0.1"), "the registry was not asked: nothing is recorded");
  for (const host of hosts) assert.match(host, /^(?:localhost|127\.0\.0\.1|::1)$/);
  assert.deepEqual(readdirSync(folder).sort(), [...besides, "data"].sort());
  // npm keeps its own compiled code in the temporary folder.
  const temporary = readdirSync(here.folder("tmp")).filter((name) => name !== "node-compile-cache");
  assert.deepEqual([readdirSync(here.folder("home")), temporary], [[], []]);
}

async function servesItsPages(url: string): Promise<void> {
  const home = await (await fetch(`${url}/`)).text();
  const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec(home)?.[1];
  assert.equal((await fetch(`${url}${stylesheet}`)).status, 200);
}
