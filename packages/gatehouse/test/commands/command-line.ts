import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";

/** What node runs. */
export const command = join(import.meta.dirname, "../../bin/gatehouse.js");

/** The identity provider `serve` demands, for tests in which nobody signs in: nothing listens there. */
export const anyProvider = {
  OAUTH2_CLIENT_ID: "gatehouse",
  OAUTH2_CLIENT_SECRET: "secret",
  UPSTREAM_ISSUER: "http://localhost:1",
};

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Starts the `gatehouse` command as a process of its own, with nothing of our environment but what is given,
 * and without metrics unless it says so.
 * @param stdout an open file that takes what it prints
 */
export function startCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  stdout: "pipe" | number = "pipe",
): ChildProcess {
  const stdio = ["pipe", stdout, "pipe"] as const;
  // Of the port for metrics there is one on a computer, and several of these run at once.
  const env = { METRICS_LISTEN: "off", ...environment };
  return spawn(process.execPath, [command, ...args], { env, stdio: [...stdio] });
}

/**
 * The same at a terminal, which `script` of util-linux makes; both outputs come together. `undefined` where
 * there is none.
 */
export function startAtTerminal(
  args: readonly string[],
  environment: Record<string, string> = {},
): ChildProcess | undefined {
  const made = spawnSync("script", ["--version"], { encoding: "utf8" });
  if (!made.stdout?.includes("util-linux")) return undefined;
  const quoted = [process.execPath, command, ...args].map((text) => `'${text.replaceAll("'", "'\\''")}'`);
  return spawn("script", ["-qec", quoted.join(" "), "/dev/null"], { env: environment, stdio: "pipe" });
}

/**
 * Runs a command to its end, with nothing of our environment but what is given: within this process, as
 * `main.ts` does within its own, unless it serves. A process for each would be most of these tests' time;
 * what is about processes takes {@link runProcess}.
 */
export async function runCommand(
  args: readonly string[],
  environment: Record<string, string> = {},
  input = "",
): Promise<Outcome> {
  if (args[0] === "serve" || args[0] === "dev") return runProcess(args, environment, input);
  const printed = { out: "", err: "" };
  const code = await runProgram(args, {
    ...processShell(environment),
    standBack: () => undefined,
    readInput: async () => input,
    print: (lines) => {
      printed.out += `${lines}\n`;
    },
    complain: (lines) => {
      printed.err += `${lines}\n`;
    },
  });
  return { code, ...printed };
}

/** Runs the command to its end, as a process of its own. */
export async function runProcess(
  args: readonly string[],
  environment: Record<string, string> = {},
  input = "",
): Promise<Outcome> {
  const child = startCommand(args, environment);
  const ended = once(child, "close");
  child.stdin?.end(input);
  const [out, err] = await Promise.all([read(child.stdout), read(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, out, err };
}

const read = (stream: NodeJS.ReadableStream | null) => (stream === null ? "" : text(stream));

/**
 * Everything a running command has printed, once `sign` stands in it. Rejects when the command ends before.
 */
export function untilPrinted(child: ChildProcess, sign: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk: Buffer) => {
        printed += chunk;
        if (sign.test(printed)) resolve(printed);
      });
    }
    child.once("exit", (code) => reject(new Error(`ended with ${code}: ${printed}`)));
  });
}

/** A folder with a database in it that is removed with everything else. */
export async function aDatabase(): Promise<{
  readonly path: string;
  readonly environment: Record<string, string>;
  remove(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-cli-"));
  const path = join(folder, "gatehouse.db");
  return {
    path,
    environment: { SQL_URL: `sqlite:${path}` },
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Starts `gatehouse serve` with these settings at a port that another program has: one line says so. */
export async function isRefusedATakenPort(settings: Readonly<Record<string, string>>): Promise<void> {
  const other = createServer().listen(0, "127.0.0.1");
  try {
    await once(other, "listening");
    const { port } = other.address() as AddressInfo;
    const { code, err } = await runCommand(["serve"], { ...settings, PORT: String(port) });
    assert.equal(code, 1);
    assert.match(err, new RegExp(`^gatehouse: port ${port} is taken .* PORT\n$`));
  } finally {
    other.close();
  }
}
