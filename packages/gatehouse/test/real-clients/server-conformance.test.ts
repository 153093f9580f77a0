import assert from "node:assert/strict";
import { test } from "node:test";
import { aDoor } from "../gateway/support/door.ts";
import { runServerConformance } from "./support/conformance.ts";
import { startConformanceServer } from "./support/conformance-server.ts";
import { startTokenAdder } from "./support/token-adder.ts";

/*
 * The conformance suite of the MCP project, in the part for MCP servers: what it finds in a server it finds
 * through the door in front of it, in both eras.
 */

for (const [era, options, least] of [
  ["before 2026-07-28", [], 40],
  ["of 2026-07-28", ["--requirements", "2026-07-28"], 100],
] as const) {
  test(`a server ends the conformance suite ${era} through the door as it does without`, {
    timeout: 120_000,
  }, async (t) => {
    const url = await startConformanceServer(t);
    const door = await aDoor(t, url);
    const { access_token } = await door.token();
    const throughDoor = await startTokenAdder(t, `${door.server.url}/mcp`, access_token);
    const [without, through] = [
      await runServerConformance(t, url, options),
      await runServerConformance(t, throughDoor, options),
    ];
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
