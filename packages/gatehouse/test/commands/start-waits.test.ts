import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { anyProvider, runProcess, startCommand, untilPrinted } from "./command-line.ts";

/* Whatever a start waits for, it obeys; and what it cannot have it names. */

const serving = { ...anyProvider, BASE_URL: "http://localhost:1", PORT: "0", SECRET_KEY: "k.".repeat(20) };

function aFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-start-"));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** Another process that has the database of the embedded kind, in this mode, until the test is over. */
async function heldDatabase(t: TestContext, path: string, held: string): Promise<void> {
  const program = `const { DatabaseSync } = require("node:sqlite");
const database = new DatabaseSync(${JSON.stringify(path)});
database.exec(${JSON.stringify(held)});
console.log("held");
setInterval(() => database, 1000);`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
}

/** A database server that takes connections, and never says a word. */
async function aMuteServer(t: TestContext): Promise<Server> {
  const sockets: Socket[] = [];
  const mute = createServer((socket) => void sockets.push(socket)).listen(0, "127.0.0.1");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  await once(mute, "listening");
  return mute;
}

const portOf = (server: Server) => (server.address() as { readonly port: number }).port;

/** How it ended, and what it had said by then. */
async function stopped(child: ChildProcess): Promise<{ readonly end: unknown[]; readonly told: string }> {
  let told = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (told += chunk));
  const ended = once(child, "close");
  child.kill("SIGTERM");
  return { end: await ended, told };
}

/** Until the process has a file open. */
async function untilOpened({ pid }: ChildProcess, path: string): Promise<void> {
  for (;;) {
    const files = readdirSync(`/proc/${pid}/fd`).map((name) => `/proc/${pid}/fd/${name}`);
    if (files.some((name) => targetOf(name).startsWith(path))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What a descriptor stands for; nothing when it was closed meanwhile. */
function targetOf(descriptor: string): string {
  try {
    return readlinkSync(descriptor);
  } catch {
    return "";
  }
}

const killed = [null, "SIGTERM"];
const cleanly = [0, null];
const starts: readonly (readonly [
  args: readonly string[],
  more: Record<string, string>,
  end: readonly unknown[],
])[] = [
  [["serve"], {}, cleanly],
  [["serve"], { WORKERS: "2" }, cleanly],
  [["dev"], {}, cleanly],
  [["migrate"], {}, killed],
  [["clients", "list"], {}, killed],
];

test("Y36 every wait of a start obeys SIGTERM at once, for PostgreSQL as for a database that another process has, and one line a retry tells that it waits", async (t) => {
  if (!existsSync("/proc/self/fd")) return t.skip("no /proc here");
  const mute = await aMuteServer(t);
  const path = join(aFolder(t), "gatehouse.db");
  assert.equal((await runProcess(["migrate"], { SQL_URL: `sqlite:${path}` })).code, 0);
  await heldDatabase(t, path, "pragma journal_mode = delete; begin exclusive");
  const onPostgres = `postgres://gate@127.0.0.1:${portOf(mute)}/gate`;
  for (const SQL_URL of [onPostgres, `sqlite:${path}`]) {
    for (const [args, more, end] of starts) {
      const settings = args[0] === "dev" ? await forDev() : serving;
      const connected = once(mute, "connection");
      const child = startCommand(args, { ...settings, ...more, SQL_URL });
      t.after(() => child.kill("SIGKILL"));
      await (SQL_URL === onPostgres ? connected : untilOpened(child, path));
      const { end: found, told } = await stopped(child);
      const called = `${args.join(" ")} ${JSON.stringify(more)} ${SQL_URL}: ${told}`;
      assert.deepEqual(found, end, called);
      assert.doesNotMatch(told, /cannot|trying again|listening/, called);
    }
  }
  const away = startCommand(["serve"], {
    ...serving,
    SQL_URL: `postgres://gate:pw@127.0.0.1:${await freePort()}/x`,
  });
  t.after(() => away.kill("SIGKILL"));
  const printed = await untilPrinted(away, /(?:trying again.*\n[\s\S]*){2}/);
  const retries = printed.split("\n").filter((line) => line.includes("trying again"));
  for (const line of retries) {
    assert.ok(line.length < 300, line);
    assert.match(
      JSON.parse(line).msg,
      /^connect ECONNREFUSED .*: the database cannot be reached; trying again$/,
    );
    assert.doesNotMatch(line, /"stack"| {2}at |pw@/);
  }
  assert.deepEqual((await stopped(away)).end, cleanly, "in the pause between two attempts");
});

const forDev = async () => ({
  PORT: String(await freePort()),
  DEMO_PORT: String(await freePort()),
  SECRET_KEY: serving.SECRET_KEY,
});

test("a command that is the first process of a container, where signals are ignored else, ends when told to", async (t) => {
  const mute = await aMuteServer(t);
  const made = spawnSync("unshare", ["--pid", "--fork", "true"]);
  if (made.status !== 0) return t.skip("no container can be made here");
  const command = join(import.meta.dirname, "../../bin/gatehouse.js");
  const SQL_URL = `postgres://gate@127.0.0.1:${portOf(mute)}/gate`;
  const child = spawn("unshare", ["--pid", "--fork", "--kill-child", process.execPath, command, "migrate"], {
    env: { SQL_URL },
    stdio: "ignore",
  });
  t.after(() => child.kill("SIGKILL"));
  await once(mute, "connection");
  const inner = spawnSync("ps", ["-o", "pid=", "--ppid", String(child.pid)], { encoding: "utf8" });
  process.kill(Number(inner.stdout.trim()), "SIGTERM");
  assert.deepEqual(await once(child, "exit"), [143, null]);
});

test("an address that cannot be had names HOST, and a path that cannot be made or a full disk the file", async (t) => {
  const folder = aFolder(t);
  writeFileSync(join(folder, "file"), "");
  const inFile = join(folder, "file", "gatehouse.db");
  const database = { SQL_URL: `sqlite:${join(folder, "gatehouse.db")}` };
  const cases: readonly (readonly [Record<string, string>, RegExp])[] = [
    [
      { ...database, HOST: "192.0.2.1" },
      /^gatehouse: HOST: 192\.0\.2\.1 is no address of this computer; .*\n$/,
    ],
    [
      { SQL_URL: `sqlite:${inFile}` },
      new RegExp(`^gatehouse: the database ${inFile} cannot be opened: .*\n$`),
    ],
  ];
  for (const [environment, sentence] of cases) {
    const { code, err } = await runProcess(["serve"], { ...serving, ...environment });
    assert.equal(code, 1);
    assert.match(err, sentence);
  }
  if (spawnSync("prlimit", ["--version"]).status !== 0) return t.skip("no prlimit here");
  const command = join(import.meta.dirname, "../../bin/gatehouse.js");
  const full = (args: readonly string[], environment: Record<string, string>) =>
    spawnSync("prlimit", ["--fsize=8192", process.execPath, command, ...args], {
      env: { PATH: process.env.PATH, ...environment },
      encoding: "utf8",
    });
  const other = join(folder, "other.db");
  const started = full(["serve"], { ...serving, SQL_URL: `sqlite:${other}` });
  assert.equal(started.status, 1);
  assert.match(started.stderr, new RegExp(`^gatehouse: the database ${other} cannot be opened: .*disk.*\n$`));
  const copy = join(folder, "copy");
  const backedUp = full(["backup", copy], database);
  assert.equal(backedUp.status, 1);
  assert.match(backedUp.stderr, new RegExp(`^gatehouse: the disk .*${copy}.*\n$`));
});
