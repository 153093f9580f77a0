import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { buildPackage } from "./build.ts";

/*
 * What npm would install, laid out as npm would: node reads no TypeScript below node_modules, so this is the only proof that the packages work.
 */

const modules = resolve(import.meta.dirname, "../node_modules");
let project: string;

before(() => {
  project = mkdtempSync(join(tmpdir(), "installed-"));
  const installed = join(project, "node_modules");
  mkdirSync(join(installed, "@mcp-gatehouse"), { recursive: true });
  for (const name of readdirSync(modules)) {
    if (!name.startsWith(".") && name !== "mcp-gatehouse" && name !== "@mcp-gatehouse") {
      symlinkSync(join(modules, name), join(installed, name));
    }
  }
  buildPackage("packages/resource-server", join(installed, "@mcp-gatehouse/resource-server"));
  buildPackage("packages/gatehouse", join(installed, "mcp-gatehouse"));
});
after(() => rmSync(project, { recursive: true, force: true }));

const run = (...parameters: string[]) =>
  execFileSync(process.execPath, parameters, { cwd: project, encoding: "utf8" });

test("the installed resource server package loads, and so do its types", () => {
  const program = 'import { protect } from "@mcp-gatehouse/resource-server"; console.log(typeof protect)';
  assert.equal(run("--input-type=module", "-e", program).trim(), "function");
  const folder = join(project, "node_modules/@mcp-gatehouse/resource-server/src");
  assert.ok(readdirSync(folder).includes("index.d.ts"));
  assert.ok(!readdirSync(folder).some((name) => /(?<!\.d)\.ts$/.test(name)));
});

test("the installed server starts in an empty folder, with its migrations and stylesheet", async (t) => {
  const port = await aFreePort();
  const server = spawn(process.execPath, ["node_modules/mcp-gatehouse/bin/gatehouse.js", "serve"], {
    cwd: project,
    env: {
      PATH: process.env.PATH,
      PORT: String(port),
      // Nobody signs in here.
      OAUTH2_CLIENT_ID: "gatehouse",
      OAUTH2_CLIENT_SECRET: "secret",
      UPSTREAM_ISSUER: "http://localhost:1",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => server.kill());
  await once(server.stdout, "data");
  const home = await (await fetch(`http://localhost:${port}/`)).text();
  const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec(home)?.[1];
  assert.equal((await fetch(`http://localhost:${port}${stylesheet}`)).status, 200);
  assert.equal((await fetch(`http://localhost:${port}/readyz`)).status, 200);
});

async function aFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
