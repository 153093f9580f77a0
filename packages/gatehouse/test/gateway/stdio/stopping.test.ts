import assert from "node:assert/strict";
import { chmodSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { aFolder } from "../../config/config-file.ts";
import { aSession, messagesOf, modernCall, modernPost, reading, toolCall, until } from "./support/calls.ts";
import { isRunning } from "./support/processes.ts";
import { aChild, aStdioDoor, fasterTime, type StdioDoor } from "./support/stdio-door.ts";

const endSession = (door: StdioDoor, id: string) =>
  fetch(door.url, {
    method: "DELETE",
    headers: { authorization: "Bearer alice/editor", "mcp-session-id": id },
  });

test("W65 a child ends with its session, when it is idle, and at the shutdown, with everything it started", async (t) => {
  const factor = 100;
  const door = await aStdioDoor(
    t,
    { command: aChild("both"), idleSeconds: 300, firstAnswerMs: 1e6 },
    fasterTime(factor),
  );

  // At the end of its session: whatever of its group hears neither the closed input nor SIGTERM.
  const session = await aSession(door);
  const stubborn = [await session.call("pid"), await session.call("fork")].map(Number);
  await session.call("ignore-signals");
  const begun = performance.now();
  assert.equal((await endSession(door, session.id)).status, 200);
  assert.equal((await session.post(toolCall("pid"))).status, 404, "for clients it has ended at once");
  await until(() => !stubborn.some(isRunning), 15_000);
  const took = (performance.now() - begun) * factor;
  assert.ok(took >= 9_900, `SIGKILL came after ${took} ms, which is before the two steps`);

  // Idle, with a stream open all the time.
  const idle = await aSession(door);
  const pid = Number(await idle.call("pid"));
  const stream = reading(await door.get(idle.id));
  await until(() => !isRunning(pid));
  assert.equal(await stream.next(), undefined, "the stream ends without being broken off");
  assert.equal((await idle.post(toolCall("pid"))).status, 404);

  // At the shutdown.
  const last = await aSession(door);
  const children = [await last.call("pid"), await modernCall(door, "pid")].map(Number);
  const grandchild = Number(await last.call("fork"));
  await door.close();
  assert.deepEqual(children.filter(isRunning), []);
  await until(() => !isRunning(grandchild)); // told to end, by nobody who could wait for it
});

test("whoever leaves before the session has begun leaves no child behind", async (t) => {
  const pids = join(aFolder(t, {}), "pids");
  const door = await aStdioDoor(t, { command: aChild("silent", pids) });
  const leaving = new AbortController();
  const start = fetch(door.url, {
    method: "POST",
    body: `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`,
    signal: leaving.signal,
    headers: { authorization: "Bearer alice/editor", "content-type": "application/json" },
  });
  await until(() => existsSync(pids) && readFileSync(pids, "utf8").endsWith("\n"));
  const pid = Number(readFileSync(pids, "utf8"));
  leaving.abort();
  await assert.rejects(start);
  await until(() => !isRunning(pid));
  assert.equal(door.underWay(), 0);
});

test("a call under way keeps its child from being idle", async (t) => {
  const door = await aStdioDoor(
    t,
    { command: aChild("modern"), idleSeconds: 60, firstAnswerMs: 1e6 },
    fasterTime(50),
  );
  const held = modernPost(door, "tools/call", { name: "hold", arguments: { as: "long" } });
  const pid = Number(await modernCall(door, "pid"));
  // Twice the time after which it would have ended: this one is used by nobody meanwhile.
  const other = Number(await modernCall(door, "pid", {}, { token: "bob/editor" }));
  await until(() => !isRunning(other));
  assert.ok(isRunning(pid));
  await modernCall(door, "release", { as: "long" });
  assert.ok((await held).ok);
});

test("W-n32 a child that ignores SIGTERM, forked, and closed its output is gone within 15 s, and what it forked too", async (t) => {
  const factor = 10;
  const folder = aFolder(t, {
    // `npx` in small: a shell that starts the server and forwards nothing.
    "server.sh": `#!/bin/sh
trap '' TERM
sleep 1000 >/dev/null 2>&1 &
printf '%s\\n' "$$" "$!" > pids
read -r line
printf '{"jsonrpc":"2.0","id":"start","result":{"protocolVersion":"2025-11-25","capabilities":{}}}\\n'
read -r line
exec >/dev/null
while :; do sleep 1; done
`,
  });
  chmodSync(join(folder, "server.sh"), 0o755);
  const door = await aStdioDoor(
    t,
    { command: ["./server.sh"], folder, inherited: { PATH: process.env.PATH ?? "" } },
    fasterTime(factor),
  );
  const begun = performance.now();
  const session = await aSession(door);
  const pids = readFileSync(join(folder, "pids"), "utf8").trim().split("\n").map(Number);
  assert.equal(pids.length, 2);
  await until(async () => (await session.post(toolCall("pid"))).status !== 202);
  await until(() => !pids.some(isRunning), 15_000);
  assert.ok((performance.now() - begun) * factor > 9_000, "it was asked before it was killed");
  assert.match(JSON.stringify(door.log), /closed its output/);
  assert.equal((await session.post(toolCall("pid"))).status, 404);
});

test("W-n33 a stream whose client has vanished does not keep the child beyond its idle time", async (t) => {
  const door = await aStdioDoor(t, { idleSeconds: 60, firstAnswerMs: 1e6 }, fasterTime(30));
  const session = await aSession(door);
  const pid = Number(await session.call("pid"));
  const stream = await door.get(session.id); // and never looked at again, nor closed
  assert.equal(stream.status, 200);
  await until(() => !isRunning(pid));
  const next = await aSession(door);
  assert.ok(await next.call("pid"), "whoever comes back starts anew");
});

test("W66 a child that dies fails its open requests at once, and the next one starts after a pause that doubles", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "person" });
  const session = await aSession(door);
  const stream = reading(await door.get(session.id));
  const held = session.post(toolCall("hold", { as: "x" }, { id: '"mine"' }));
  const meta = { progressToken: 1 };
  const begunAsStream = session.post(toolCall("hold", { as: "streamed" }, { id: "2", meta }));
  await until(async () => (await session.call("waiting")).includes("streamed"));
  const waiting = new Map(JSON.parse(await session.call("waiting")) as [string, number][]);
  const progressToken = waiting.get("streamed");
  const progress = {
    jsonrpc: "2.0",
    method: "notifications/progress",
    params: { progressToken, progress: 1 },
  };
  await session.call("print", {
    lines: ["not JSON", "[1,2]", '{"jsonrpc":"2.0"}', JSON.stringify(progress)],
  });
  const streamed = reading(await begunAsStream);
  assert.equal((await streamed.next())?.method, "notifications/progress");
  await session.call("complain", { text: `\u001b[31mred ${"x".repeat(3000)}\n` });
  assert.ok(await session.call("pid"), "whatever it prints fails no request");
  const dead = performance.now();
  const dying = await session.post(toolCall("die"));
  assert.equal(dying.status, 502);
  assert.deepEqual(errorIn(await messagesOf(dying)), [7, -32010]);
  assert.deepEqual(errorIn(await messagesOf(await held)), ["mine", -32010]);
  const last = await streamed.next();
  assert.deepEqual([last?.id, last?.error?.code, await streamed.next()], [2, -32010, undefined]);
  assert.equal(await stream.next(), undefined);
  assert.ok(performance.now() - dead < 15_000, "and not when the wait for an answer is over");
  assert.equal((await session.post(toolCall("pid"))).status, 404);

  const noted = door.log.map(({ kind, output }) => [kind, output] as const);
  assert.ok(noted.some(([kind, output]) => kind === "no message" && output === "not JSON"));
  assert.ok(noted.some(([kind]) => kind === "for nobody") === false);
  const [, complaint] = noted.find(([kind]) => kind === "stderr") ?? [];
  assert.match(String(complaint), /^\[31mred x+$/, "without what would drive a terminal");
  assert.equal(String(complaint).length, 2047, "and cut at 2 KiB");
  assert.match(JSON.stringify(door.log), /exit code 3/);

  // The next one starts after a second.
  await aSession(door);
  assert.ok(performance.now() - dead >= 990);
});

test("a child that fails from the start is waited for a little, then refused with the time that is left", async (t) => {
  const door = await aStdioDoor(t, { command: [process.execPath, "-e", "process.exit(1)"] }, fasterTime(20));
  const start = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`;
  const pauses: unknown[] = [];
  let last: Response;
  do {
    last = await door.post(start);
    pauses.push(door.log.findLast(({ msg }) => msg === "an MCP server ended")?.nextInMs);
    assert.deepEqual([last.status, (await messagesOf(last))[0]?.error?.code], [502, -32010]);
  } while (last.headers.get("retry-after") === null);
  assert.deepEqual([...new Set(pauses)], [1000, 2000, 4000, 8000]);
  assert.ok(Number(last.headers.get("retry-after")) <= 8);
  assert.equal((await aSomebodyElse(door)).status, 502, "nobody else waits for it");
});

const aSomebodyElse = (door: StdioDoor) =>
  door.post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`, {}, "bob/editor");

test("a program that is not there is told in the log, and not to the client", async (t) => {
  const door = await aStdioDoor(t, { command: ["/no/such/program"] });
  const answer = await door.post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`);
  const said = await answer.text();
  assert.equal(answer.status, 502, said);
  assert.doesNotMatch(said, /such/);
  assert.match(JSON.stringify(door.log), /cannot be started: spawn \/no\/such\/program ENOENT/);
});

test("a child that floods its standard error fills no log", async (t) => {
  const door = await aStdioDoor(t, { firstAnswerMs: 1e8, idleSeconds: 1e6 }, fasterTime(1000));
  const session = await aSession(door);
  await session.call("complain", { text: "no\n", times: 100_000 });
  const lines = door.log.filter(({ kind }) => kind === "stderr");
  assert.ok(lines.length >= 100 && lines.length <= 1000, `${lines.length} lines`);
});

function errorIn([message]: Awaited<ReturnType<typeof messagesOf>>) {
  return [message?.id, message?.error?.code];
}
