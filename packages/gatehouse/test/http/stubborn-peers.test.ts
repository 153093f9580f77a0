import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ListenerOptions } from "../../src/http/listener.ts";
import { sendRaw } from "./edge.ts";
import type { Answer, Question } from "./edge-process.ts";
import { aPeer, manners, type Peer } from "./peers.ts";

/**
 * So short that the test is quick; an honest request has one second for its headers, and three under attack:
 * the machine may be busy.
 */
const timeouts = { requestTimeoutMs: 3000, keepAliveTimeoutMs: 300, answerTimeoutMs: 1000 };
const underAttack = { ...timeouts, requestTimeoutMs: 9000 };
/** Longer than any of them, and what a loaded machine needs besides. */
const withinMs = 30_000;

const names = Object.keys(manners);
const honest = "GET /small HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

/** The edge in a process of its own, which ends with the test. @param openFiles how many it may have */
async function startEdgeProcess(t: TestContext, options: Partial<ListenerOptions>, openFiles: number) {
  const script = join(import.meta.dirname, "edge-process.ts");
  const command = `ulimit -n ${openFiles} && exec "$0" --expose-gc "$1" "$2"`;
  const child = spawn("/bin/sh", ["-c", command, process.execPath, script, JSON.stringify(options)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  t.after(() => child.kill("SIGKILL"));
  const { port } = await answerOf<{ port: number }>(child);
  return { port, child };
}

async function answerOf<T extends Answer>(child: ChildProcess, question?: Question): Promise<T> {
  const answered = once(child, "message");
  if (question !== undefined) child.send(question);
  const [answer] = (await answered) as [T];
  return answer;
}

/** Which of the peers the server still holds, once it holds none or has had its time. */
async function stillHeld(child: ChildProcess, peers: readonly Peer[], within = withinMs): Promise<string[]> {
  const held = await answerOf<{ peers: number[] }>(child, { ask: "emptied", withinMs: within });
  return held.peers.map((port) => peers.find((peer) => peer.port === port)?.manner ?? `port ${port}`);
}

const megabytesOf = async (child: ChildProcess) =>
  (await answerOf<{ megabytes: number }>(child, { ask: "megabytes" })).megabytes;

test("every connection has an end, in whatever manner its peer stays", async (t) => {
  const { port, child } = await startEdgeProcess(t, { ...timeouts, maxConnections: 5000 }, 8192);
  const peers = await Promise.all(
    names.flatMap((name) => Array.from({ length: 10 }, () => aPeer(name, port))),
  );
  t.after(() => peers.forEach(({ leave }) => void leave()));
  assert.deepEqual(await stillHeld(child, peers), []);
  assert.match(await sendRaw(port, honest), /^HTTP\/1.1 200/);
});

test("thousands of stubborn peers keep nobody out, neither while they stay nor afterwards", async (t) => {
  const { port, child } = await startEdgeProcess(t, underAttack, 256);
  const peers: Peer[] = [];
  t.after(() => peers.forEach(({ leave }) => void leave()));
  for (let wave = 0; wave < 10; wave++) {
    const wanted = names.flatMap((name) => Array.from({ length: 13 }, () => name));
    peers.push(...(await Promise.all(wanted.map((name) => aPeer(name, port)))));
    assert.match(await sendRaw(port, honest), /^HTTP\/1.1 200/, `after ${peers.length} peers`);
  }
  assert.ok(peers.length > 2500);
  assert.ok((await stillHeld(child, peers, 0)).length <= 192, "some are left for files and databases");
  assert.deepEqual(await stillHeld(child, peers), []);
  assert.match(await sendRaw(port, honest), /^HTTP\/1.1 200/);
});

test("peers that pipeline and never read cost little memory", async (t) => {
  const { port, child } = await startEdgeProcess(t, {}, 1024);
  await sendRaw(port, honest);
  const before = await megabytesOf(child);
  const peers: Peer[] = [];
  t.after(() => peers.forEach(({ leave }) => void leave()));
  for (let wave = 0; wave < 6; wave++) {
    peers.push(
      ...(await Promise.all(Array.from({ length: 10 }, () => aPeer("pipelines and reads nothing", port)))),
    );
    assert.match(await sendRaw(port, honest), /^HTTP\/1.1 200/);
  }
  const grown = (await megabytesOf(child)) - before;
  assert.ok(grown < 50, `${peers.length} peers cost ${Math.round(grown)} MB`);
});
