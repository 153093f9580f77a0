import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { aChild } from "./stdio/support/stdio-door.ts";
import { aBareDoor, type BareDoor, head } from "./support/bare-door.ts";

const children = {
  kind: "stdio",
  command: aChild(),
  folder: undefined,
  inherited: {},
  environment: {},
  per: "session",
  maxChildren: 50,
  maxChildrenPerPerson: 5,
  idleSeconds: 1800,
  firstAnswerMs: 60_000,
} as const;

test("a call whose client goes away while its token is looked up is over then", async (t) => {
  let isHeld = false;
  let arrived = Promise.withResolvers<void>();
  let over = Promise.withResolvers<void>();
  let lookUp = Promise.withResolvers<void>();
  let handled: Promise<void> = Promise.resolve();
  const door: BareDoor = await aBareDoor(t, "http://127.0.0.1:1/mcp", {
    server: { backend: children },
    beforeBearer() {
      if (!isHeld) return undefined;
      arrived.resolve();
      return lookUp.promise;
    },
    listener: {
      onRequest: () => over.resolve(),
      taker: {
        find(request) {
          const take = door.gateway.find(request);
          return (
            take &&
            ((...taken) => {
              handled = take(...taken);
              return handled;
            })
          );
        },
      },
    },
  });
  const initialize = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "t", version: "1" } },
  });
  const begun = await door.call({ body: initialize });
  await begun.text();
  const session = `Mcp-Session-Id: ${begun.headers.get("mcp-session-id")}`;
  isHeld = true;
  const calls = [
    `${head(door.port, [session, "Content-Length: 100"])}\r\n{"jsonrpc"`,
    `${head(door.port, [session], "/mcp", "GET")}\r\n`,
  ];
  for (const call of calls) {
    [arrived, over, lookUp] = [arrived, over, lookUp].map(() => Promise.withResolvers<void>()) as [
      typeof arrived,
      typeof over,
      typeof lookUp,
    ];
    const socket = connect(door.port, "127.0.0.1", () => socket.write(call));
    await arrived.promise;
    socket.destroy();
    await over.promise;
    lookUp.resolve();
    await handled;
  }
  assert.equal(door.log.filter(({ msg }) => msg === "failure").length, 0);
});
