import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { metricsUrlOf, seriesOf } from "../telemetry/metrics.ts";
import { aChild } from "./stdio/support/stdio-door.ts";
import { aDoor, aServerBehind } from "./support/door.ts";

test("the metrics tell of each server behind what is open: event streams, and the processes of a command", async (t) => {
  const behind = await aServerBehind(t, (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    response.write('data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
  });
  const stdio = `  - name: files\n    path: /files\n    command: ${JSON.stringify(aChild())}\n`;
  const door = await aDoor(t, behind.url, stdio, { METRICS_LISTEN: "127.0.0.1:0" });
  const { server } = door;
  const scrape = async () => seriesOf(await (await fetch(metricsUrlOf(server))).text());
  const open = async () => {
    const series = await scrape();
    return ["open_streams", "children"].flatMap((name) =>
      ["notes", "files"].map((server) => series.get(`gatehouse_${name}{server="${server}"}`)),
    );
  };
  const until = async (expected: unknown[]) => {
    while (JSON.stringify(await open()) !== JSON.stringify(expected)) await setTimeout(20);
  };
  // Of a server at an address there are no processes to tell of.
  assert.deepEqual(await open(), [0, 0, undefined, 0]);
  const known = await scrape();
  for (const outcome of ["ok", "tool_error", "error", "denied", "cancelled", "broken", "timeout", "unread"]) {
    for (const name of ["notes", "files"]) {
      assert.equal(
        known.get(`gatehouse_tool_calls_total{server="${name}",tool="other",outcome="${outcome}"}`),
        0,
        `${name} ${outcome}`,
      );
    }
  }

  const leaving = new AbortController();
  const stream = await door.call({ method: "GET", body: null, signal: leaving.signal });
  assert.equal(stream.status, 200);
  await until([1, 0, undefined, 0]);

  const resource = `${server.issuer}/files`;
  const { access_token: token } = await door.token({ resource });
  const capabilities = {
    protocolVersion: "2025-06-18",
    capabilities: {},
    clientInfo: { name: "x", version: "1" },
  };
  const started = await fetch(`${server.url}/files`, {
    method: "POST",
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params: capabilities }),
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    },
  });
  assert.equal(started.status, 200, await started.clone().text());
  await started.text();
  await until([1, 0, undefined, 1]);

  leaving.abort();
  await until([0, 0, undefined, 1]);
  await server.reload("servers: []\n");
  await until([undefined, undefined, undefined, undefined]);
});
