import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { aDoor } from "../gateway/support/door.ts";
import { freePort } from "../support/free-port.ts";
import { runServerConformance } from "./support/conformance.ts";
import { startConformanceServer } from "./support/conformance-server.ts";
import { startServerWithSessions } from "./support/conformance-sessions.ts";
import { startTokenAdder } from "./support/token-adder.ts";

/*
 * The conformance suite of the MCP project, in the part for MCP servers: what it finds in a server it finds
 * through the door in front of it, in both eras.
 */

/** Of every tool, resource and prompt: so each call is judged, and each list read on its way. */
const rules = `    scopes: [{ name: all, default: true }]
    tools: { "*": all }
    resources: { "*": all }
    prompts: { "*": all }
`;

async function behindDoor(t: TestContext, url: string): Promise<string> {
  const door = await aDoor(t, url, rules);
  const { access_token } = await door.token();
  return startTokenAdder(t, `${door.server.url}/mcp`, access_token);
}

for (const [kind, start, options, least] of [
  ["without sessions ends the conformance suite", startConformanceServer, [], 40],
  ["with sessions ends the conformance suite", startServerWithSessions, [], 30],
  ["ends the one of 2026-07-28", startConformanceServer, ["--requirements", "2026-07-28"], 100],
] as const) {
  test(`a server ${kind} through the door as it does without`, {
    timeout: 120_000,
  }, async (t) => {
    const url = await start(t);
    const throughDoor = await behindDoor(t, url);
    const [without, through] = await Promise.all([
      runServerConformance(t, url, options),
      runServerConformance(t, throughDoor, options),
    ]);
    const passed = [...without.values()].filter((status) => status === "SUCCESS");
    assert.ok(passed.length >= least, `only ${passed.length} passed`);
    const differences = [...new Set([...without.keys(), ...through.keys()])]
      .filter((check) => without.get(check) !== through.get(check))
      .map((check) => `${check}: ${without.get(check)} without, ${through.get(check)} through the door`);
    // The one thing that the door adds.
    const rebinding = "dns-rebinding-protection 0 localhost-host-rebinding-rejected";
    assert.deepEqual(differences, [`${rebinding}: FAILURE without, SUCCESS through the door`]);
  });
}

test("a server with sessions passes through the door what it passes of the conformance suite without", {
  timeout: 120_000,
}, async (t) => {
  const url = await startEverything(t);
  const throughDoor = await behindDoor(t, url);
  const [without, through] = await Promise.all(
    [url, throughDoor].map((at) => runServerConformance(t, at, [])),
  );
  const passed = [...(without ?? [])].filter(([, status]) => status === "SUCCESS").map(([check]) => check);
  assert.ok(passed.length >= 10, `only ${passed.length} passed`);
  assert.deepEqual(
    passed.filter((check) => through?.get(check) !== "SUCCESS"),
    [],
  );
});

/** The server that the protocol's makers try their clients with, over HTTP. */
async function startEverything(t: TestContext): Promise<string> {
  const port = await freePort();
  const path = fileURLToPath(import.meta.resolve("@modelcontextprotocol/server-everything/dist/index.js"));
  const child = spawn(process.execPath, [path, "streamableHttp"], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PORT: String(port) },
  });
  t.after(() => void child.kill());
  await new Promise<void>((resolve, reject) => {
    child.once("close", () => reject(new Error("the server ended")));
    child.stderr.on("data", (chunk: Buffer) => chunk.includes("listening") && resolve());
  });
  return `http://127.0.0.1:${port}/mcp`;
}
