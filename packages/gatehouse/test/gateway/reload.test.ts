import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createReloader } from "../../src/commands/reload.ts";
import { processShell } from "../../src/commands/shell.ts";
import { loadSettings } from "../../src/config/config.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aDatabase, anyProvider, startCommand, untilPrinted } from "../commands/command-line.ts";
import { aFolder } from "../config/config-file.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { exchange } from "../support/raw-exchange.ts";
import { aDoor, aServerBehind, type Received } from "./support/door.ts";

const yaml = (upstream: string, more = "") =>
  `servers:\n  - name: notes\n    path: /mcp\n    upstream: ${upstream}\n${more}`;

/** A server behind that answers what asks it to wait once it is told to, and streams at GET. */
async function aPatientServer(t: TestContext, name: string) {
  const waiting: ServerResponse[] = [];
  const streams: ServerResponse[] = [];
  const behind = await aServerBehind(t, ({ method, body }: Received, response) => {
    if (method === "GET") {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(`data: ${name} begins\n\n`);
      streams.push(response);
    } else if (body.includes("wait")) waiting.push(response);
    else response.setHeader("content-type", "application/json").end(JSON.stringify({ name }));
  });
  const sockets: Socket[] = [];
  behind.server.on("connection", (socket) => void sockets.push(socket));
  return { ...behind, waiting, streams, sockets };
}

const wait = `{"jsonrpc":"2.0","id":2,"method":"wait"}`;

/** What comes next on a stream, without comments. */
async function nextEvent(reader: ReadableStreamDefaultReader<string>): Promise<string | undefined> {
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    const data = /^data: (.*)$/m.exec(value)?.[1];
    if (data !== undefined) return data;
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

test("W04 a changed list of servers holds from the next request on; what is under way ends as it began, and a removed server's streams end", async (t) => {
  const [old, fresh] = [await aPatientServer(t, "old"), await aPatientServer(t, "fresh")];
  const door = await aDoor(t, old.url);
  const nameOf = async (answer: Promise<Response>) =>
    ((await (await answer).json()) as { name: string }).name;
  assert.equal(await nameOf(door.call()), "old");
  const underWay = door.call({ body: wait });
  await until(() => old.waiting.length === 1);
  const listening = await door.call({ method: "GET", body: null });
  assert.ok(listening.body);
  const events = listening.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal(await nextEvent(events), "old begins");

  await door.server.reload(yaml(fresh.url));
  assert.equal(await nameOf(door.call()), "fresh");
  old.waiting[0]?.setHeader("content-type", "application/json").end(JSON.stringify({ name: "old" }));
  assert.equal(await nameOf(underWay), "old");
  old.streams[0]?.write("data: old goes on\n\n");
  assert.equal(await nextEvent(events), "old goes on");
  old.streams[0]?.end();
  assert.equal(await nextEvent(events), undefined);
  // Once nothing is under way there, its connections close.
  await Promise.all(old.sockets.map(async (socket) => socket.closed || once(socket, "close")));

  // What does not change keeps its connections.
  const { length } = fresh.sockets;
  await door.server.reload(yaml(fresh.url, "    title: My notes\n"));
  await door.server.reload(`${yaml(fresh.url)}  - { name: other, path: /other, upstream: "${old.url}" }\n`);
  assert.equal(await nameOf(door.call()), "fresh");
  assert.equal(fresh.sockets.length, length);

  // Removed: the stream that only listens ends, the call under way is answered, the next finds nothing.
  const last = await door.call({ method: "GET", body: null });
  assert.ok(last.body);
  const ending = last.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.equal(await nextEvent(ending), "fresh begins");
  const called = door.call({ body: wait });
  await until(() => fresh.waiting.length === 1);
  await door.server.reload("servers: []\n");
  assert.equal(await nextEvent(ending), undefined);
  assert.equal((await door.call()).status, 404);
  fresh.waiting[0]?.setHeader("content-type", "application/json").end(JSON.stringify({ name: "fresh" }));
  assert.equal(await nameOf(called), "fresh");
});

test("the first server that a changed file names is behind its door at once, where there was none before", async (t) => {
  const behind = await aPatientServer(t, "first");
  const server = await startTestGatehouse();
  t.after(() => server.stop());
  const call = async () => (await fetch(`${server.url}/mcp`, { method: "POST", body: "{}" })).status;
  assert.equal(await call(), 404);
  await server.reload(yaml(behind.url));
  assert.equal(await call(), 401);
  await server.reload("servers: []\n");
  assert.equal(await call(), 404);
});

test("a file with something wrong in its servers changes nothing, and the log names every error", async (t) => {
  const { url } = await aPatientServer(t, "old");
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml(url) }), "gatehouse.yaml");
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const shell = { ...processShell(anyProvider), configPath };
  const applied: unknown[] = [];
  const { reload } = createReloader(loadSettings(shell, "serve"), shell, log, {
    reload: async ({ servers }) => {
      applied.push(servers);
    },
  });
  writeFileSync(
    configPath,
    `${yaml("ftp://x/mcp")}  - { name: notes, path: /mcp, upstream: "http://8.8.8.8/" }\n`,
  );
  assert.equal(await reload(), false);
  assert.deepEqual(applied, []);
  const { error, moreErrors } = JSON.parse(lines[0] ?? "") as { error: string; moreErrors: string[] };
  const told = [error, ...moreErrors].join("\n");
  for (const name of ["servers[0].upstream", "servers[1].upstream", "servers[1].name", "servers[1].path"]) {
    assert.ok(told.includes(name), `${name} in ${told}`);
  }
  const door = await aDoor(t, url);
  await assert.rejects(door.server.reload(yaml("ftp://x/mcp")));
  assert.equal((await door.call()).status, 200);
});

test("of several servers at one path the one answers whose host the request names", async (t) => {
  const [one, two] = [await aPatientServer(t, "one"), await aPatientServer(t, "two")];
  const door = await aDoor(t, one.url);
  await door.server.reload(
    `${yaml(one.url)}  - { name: two, host: two.localhost, upstream: "${two.url}" }\n`,
  );
  const { port } = new URL(door.server.url);
  const metadata = async (host: string) => {
    const answer = await exchange(Number(port), {
      method: "GET",
      target: "/.well-known/oauth-protected-resource/mcp",
      headers: [["Host", host]],
      body: "",
    });
    return (JSON.parse(String(answer.body)) as { resource: string }).resource;
  };
  assert.equal(await metadata(`localhost:${port}`), `http://localhost:${port}/mcp`);
  assert.equal(await metadata(`two.localhost:${port}`), `http://two.localhost:${port}/mcp`);
  const token = await door.token({ resource: `http://two.localhost:${port}/mcp` });
  assert.equal((await door.call({ token: token.access_token })).status, 401, "bound to the other");
});

test("at SIGHUP every worker takes over the list of servers", {
  skip: process.platform === "win32" && "has no SIGHUP",
}, async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = await freePort();
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml("http://127.0.0.1:1/mcp") }), "gatehouse.yaml");
  const child = startCommand(["serve", "--config", configPath], {
    ...database.environment,
    ...anyProvider,
    BASE_URL: `http://localhost:${port}`,
    PORT: String(port),
    WORKERS: "2",
  });
  t.after(() => child.kill("SIGKILL"));
  assert.match(
    await untilPrinted(child, /"listening".*\n/),
    /"doors":"notes at http:\/\/localhost:\d+\/mcp"/,
  );
  // Each on a connection of its own, so that both workers answer some.
  const statuses = async (target: string) => {
    const headers = [["Host", `localhost:${port}`] as const, ["Connection", "close"] as const];
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => exchange(port, { method: "GET", target, headers, body: "" })),
    );
    return [...new Set(answers.map(({ status }) => status))];
  };
  assert.deepEqual([await statuses("/mcp"), await statuses("/other")], [[401], [404]]);
  writeFileSync(configPath, yaml("http://127.0.0.1:1/mcp").replace("/mcp", "/other"));
  const read = untilPrinted(child, /(?:(?:read again and holds|"reason":"reload")[\s\S]*){3}/);
  child.kill("SIGHUP");
  await read;
  assert.deepEqual([await statuses("/mcp"), await statuses("/other")], [[404], [401]]);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
});
