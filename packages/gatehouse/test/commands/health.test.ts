import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { test } from "node:test";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aDatabase, runCommand } from "./command-line.ts";

test("gatehouse health asks the server on this machine, below a path or not, and tells alive from ready", async (t) => {
  const { path, environment, remove } = await aDatabase();
  t.after(remove);
  const server = await startTestGatehouse({ ...environment, BASE_URL: "https://login.example.com/auth" });
  const { port } = new URL(server.url);
  const settings = { BASE_URL: "https://login.example.com/auth", PORT: port };
  assert.deepEqual(await runCommand(["health"], settings), { code: 0, out: '{"status":"ok"}\n', err: "" });
  assert.equal((await runCommand(["health", "--ready"], settings)).code, 0);
  rmSync(path);
  server.clock.advance(2);
  assert.equal((await runCommand(["health"], settings)).code, 0, "alive");
  const ready = await runCommand(["health", "--ready"], settings);
  assert.equal(ready.code, 1);
  assert.match(ready.err, /readyz: 503 .*deleted or replaced/);
  await server.stop();
  const stopped = await runCommand(["health"], settings);
  assert.equal(stopped.code, 1);
  assert.match(stopped.err, new RegExp(`^gatehouse: http://127.0.0.1:${port}/healthz: .*ECONNREFUSED`));
  assert.equal((await runCommand(["health"], { ...settings, PORT: "0" })).code, 2);
});

test("the issuer as it is written and with a slash are one page, and probes need no path", async (t) => {
  const server = await startTestGatehouse({ BASE_URL: "https://login.example.com/auth" });
  t.after(() => server.stop());
  const [bare, slashed] = await Promise.all(
    ["/auth", "/auth/"].map(async (path) => {
      const response = await fetch(server.url + path);
      return { status: response.status, text: (await response.text()).replaceAll(/value="[^"]*"/g, "") };
    }),
  );
  assert.equal(bare?.status, 200);
  assert.deepEqual(bare, slashed);
  for (const path of ["/healthz", "/readyz", "/auth/healthz", "/auth/readyz"]) {
    assert.equal((await fetch(server.url + path)).status, 200, path);
  }
  for (const path of ["/", "/introspect", "/authx", "//auth/healthz"]) {
    assert.equal((await fetch(server.url + path)).status, 404, path);
  }
});
