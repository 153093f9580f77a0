import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { Writable } from "node:stream";

export interface ServerProcess {
  readonly pid: number;
  /** Milliseconds from the start to the first answer at `firstPath`. */
  readonly startUp: number;
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Arguments for this project's own Node. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The CPU it is pinned to. */
  readonly core: number | undefined;
  /** Where it will answer. */
  readonly firstAnswer: string;
  /**
   * True: its standard output goes through a pipe to a process that reads it, as a service manager does; else
   * nowhere.
   */
  readonly logs?: boolean;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

const hasTaskset = process.platform === "linux" && spawnSync("taskset", ["--version"]).status === 0;

/**
 * Starts a server and waits for its first answer of any kind below 500. What it writes to the standard error
 * is shown when it fails.
 */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const command = [process.execPath, ...options.args];
  if (options.core !== undefined && hasTaskset) command.unshift("taskset", "-c", `${options.core}`);
  const [program = "", ...args] = command;
  const begun = performance.now();
  const reader = options.logs === true ? readLog() : undefined;
  const child = spawn(program, args, {
    // What Node itself is told, to look into a server: SERVER_NODE_OPTIONS=--cpu-prof
    env: { NODE_OPTIONS: process.env.SERVER_NODE_OPTIONS, NODE_ENV: "production", ...options.environment },
    stdio: ["ignore", reader ?? "ignore", "pipe"],
  });
  reader?.destroy(); // the server has it now
  running.add(child);
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const left = once(child, "exit").then(() => {
    running.delete(child);
  });
  while (!(await answers(options.firstAnswer))) {
    if (child.exitCode !== null || performance.now() - begun > 120_000) {
      child.kill("SIGKILL");
      throw new Error(`${options.args.join(" ")} did not start: ${errors}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return {
    pid: child.pid as number,
    startUp: performance.now() - begun,
    stop: async () => {
      child.kill("SIGTERM");
      const cut = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await left;
      clearTimeout(cut);
    },
  };
}

/** Where a service manager would read the log. On the core of the load, and gone when its writer is. */
function readLog(): Writable {
  return spawn("cat", { stdio: ["pipe", "ignore", "ignore"] }).stdin;
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
}

/** Seconds of CPU time, user and system, a process has used so far. */
export function cpuSeconds(pid: number): number {
  // After the name, which may hold anything: user time and system time are the 12th and 13th, in hundredths
  // of a second.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/**
 * Bytes a process has in memory: its own, and of files, which the system takes back when it needs the room.
 */
export function memory(pid: number): { readonly own: number; readonly file: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) * 1024;
  return { own: bytes("RssAnon"), file: bytes("RssFile") };
}

/** The processes a process has started. */
export function childrenOf(pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return list === "" ? [] : list.split(" ").map(Number);
}

/** A port nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
