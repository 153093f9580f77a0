import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { whyUnreachable } from "../../src/gateway/reachable.ts";
import { aFolder } from "../config/config-file.ts";
import { freePort } from "../support/free-port.ts";

function serverOf(t: TestContext, line: string) {
  const yaml = `servers:\n  - { name: notes, plain: true, ${line} }\n`.replace(
    /plain: true, (?=command)/,
    "",
  );
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const [server] = loadConfig({ environment: {}, configPath }, "command").servers;
  assert.ok(server);
  return server;
}

test("of a server over HTTP it is known whether anything listens there, without a word to it", async (t) => {
  const folder = aFolder(t, {});
  const heard: string[] = [];
  const listening = createServer((socket) => socket.on("data", (data) => heard.push(String(data))));
  const atSocket = createServer();
  await new Promise<void>((resolve) => listening.listen(0, "127.0.0.1", resolve));
  await new Promise<void>((resolve) => atSocket.listen(join(folder, "x.sock"), resolve));
  t.after(() => {
    listening.close();
    atSocket.close();
  });
  const { port } = listening.address() as { port: number };
  const why = (upstream: string) => whyUnreachable(serverOf(t, `upstream: "${upstream}"`), "");
  assert.equal(await why(`http://127.0.0.1:${port}/mcp`), undefined);
  assert.equal(await why(`unix:${folder}/x.sock:/mcp`), undefined);
  assert.equal(await why(`http://127.0.0.1:${await freePort()}/mcp`), "nothing listens there");
  assert.equal(await why(`unix:${folder}/y.sock:/mcp`), "there is no such socket");
  assert.deepEqual(heard, []);
});

test("of a program it is known whether there is one, without starting it", async (t) => {
  const folder = aFolder(t, { program: "#!/bin/sh\n", text: "no program" });
  chmodSync(join(folder, "program"), 0o755);
  chmodSync(join(folder, "text"), 0o644);
  const why = (command: string, more = "") =>
    whyUnreachable(serverOf(t, `command: ["${command}"]${more}`), `/nowhere:${folder}`);
  assert.equal(await why("program"), undefined);
  assert.equal(await why(join(folder, "program")), undefined);
  assert.equal(await why("./program", `, folder: "${folder}"`), undefined);
  assert.equal(await why("programm"), "there is no such program in PATH");
  assert.equal(await why("text"), "there is no such program in PATH");
  assert.equal(await why("./program"), "there is no such program");
});
