import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { listen } from "./support/listening.ts";

/*
 * What the documentation prints is what runs here. A block of a page takes part by the file's name behind its
 * language, which no renderer shows.
 */

const root = resolve(import.meta.dirname, "../../..");
const folder = resolve(root, ".cache", `documented-${process.pid}`);
const pages = ["docs/resource-server.md", "docs/servers/javascript.md", "packages/resource-server/README.md"];
const files = new Map(pages.flatMap((page) => [...blocksOf(page)]));
const programs = [...files.keys()].filter((name) => !["options.ts", "tools.ts"].includes(name));

/** Those in the comments of the functions: each a module that begins something, and listens nowhere. */
const api = readFileSync(join(root, "docs/api/resource-server.md"), "utf8");
const modules = [...api.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""], index) => {
  const name = `api-${index + 1}.ts`;
  files.set(name, code);
  return name;
});

before(() => {
  mkdirSync(folder, { recursive: true });
  for (const [name, code] of files) writeFileSync(join(folder, name), code);
});
after(() => rmSync(folder, { recursive: true, force: true }));

test("the documentation's examples compile under strict", () => {
  const settings = {
    extends: join(root, "tsconfig.json"),
    // As somebody has it who did not choose the stricter kinds of strict: the SDK's own declarations do not
    // bear them.
    compilerOptions: { exactOptionalPropertyTypes: false, typeRoots: [join(root, "node_modules/@types")] },
    include: ["*.ts"],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  assert.equal(spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" }).stdout, "");
});

test("the examples in the comments of the kit's functions run", () => {
  assert.equal(modules.length, 6);
  for (const name of modules) {
    const { status, stderr } = spawnSync(process.execPath, [join(folder, name)], { encoding: "utf8" });
    assert.equal(status, 0, `${files.get(name)}\n${stderr}`);
  }
});

test("no example of the documentation is left out", () => {
  for (const page of pages) {
    assert.doesNotMatch(readFileSync(join(root, page), "utf8"), /^```[jt]s$/m, page);
  }
  assert.ok(programs.length >= 11, programs.join(", "));
});

test("Y25 every example of the kit's documentation refuses with metadata that are there, and lets a good token in", {
  timeout: 120_000,
}, async (t) => {
  const authorizationServer = await AuthorizationServer.start();
  t.after(authorizationServer.close);
  for (const program of programs) {
    await t.test(program, async (t) => {
      const port = await aFreePort();
      const url = `http://localhost:${port}/mcp`;
      // The SDK's middleware and the programs look at the real clock.
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const facts = { active: true, aud: url, client_id: "agent", sub: "s", username: "a@example.com", exp };
      authorizationServer.tokens.set("good", { ...facts, scope: "notes:read" });
      const { issuer, credential } = authorizationServer;
      const child = spawn(process.execPath, [join(folder, program)], {
        env: {
          PATH: process.env.PATH,
          ...{ ISSUER: issuer, RESOURCE: url, PORT: String(port) },
          ...{ CREDENTIAL: credential, GATEHOUSE_CREDENTIAL: credential },
        },
        stdio: ["ignore", "ignore", "pipe"],
      });
      t.after(() => child.kill());
      await untilItAnswers(child, url);

      const refused = await call(url);
      assert.equal(refused.status, 401);
      const { resource_metadata: metadataUrl = "" } = challengeOf(refused);
      const metadata = await fetch(metadataUrl);
      assert.equal(metadata.status, 200, metadataUrl);
      const said = (await metadata.json()) as Record<string, unknown>;
      assert.equal(said.resource, url);
      assert.deepEqual(said.authorization_servers, [issuer]);
      assert.equal((await call(url, "bad")).status, 401);
      const passed = await call(url, "good");
      assert.equal(passed.status, 200, await passed.text());
    });
  }
});

function blocksOf(page: string): Map<string, string> {
  const text = readFileSync(join(root, page), "utf8");
  const found = [...text.matchAll(/^```[jt]s ([\w.-]+)\n(.*?)^```$/gms)];
  return new Map(found.map(([, name = "", code = ""]) => [name, code]));
}

/** The first request of an MCP client. */
function call(url: string, token?: string): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1" } },
    }),
  });
}

async function aFreePort(): Promise<string> {
  const { origin, close } = await listen(() => undefined);
  await close();
  return new URL(origin).port;
}

async function untilItAnswers(child: ChildProcess, url: string): Promise<void> {
  let errors = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    errors += chunk;
  });
  const ended = once(child, "exit").then(() => assert.fail(`it ended: ${errors}`));
  const asked = async () => {
    while (!(await fetch(url).catch(() => undefined))) await delay(50);
  };
  await Promise.race([asked(), ended]);
  ended.catch(() => undefined); // when the test is over it may
}
