import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import type { Page } from "./page.ts";

const cache = resolve(import.meta.dirname, "../.cache/interop");
const constraints = resolve(import.meta.dirname, "constraints.txt");
/** A first start compiles. */
const startTimeoutMs = 240_000;

/**
 * The folder with the page's files in it and all installed. Kept for the next run, as long as the page says
 * the same.
 */
export async function install(page: Page): Promise<string> {
  // What is installed may be made of the page's files.
  const key = createHash("sha256")
    .update(JSON.stringify([page.install, ...page.files]))
    .digest("hex")
    .slice(0, 12);
  const folder = resolve(cache, `${page.name}-${key}`);
  const done = resolve(folder, ".installed");
  if (!existsSync(done)) rmSync(folder, { recursive: true, force: true });
  for (const [name, code] of page.files) {
    const file = resolve(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, code);
  }
  if (!existsSync(done)) {
    await runShell(page.install, folder, { PIP_CONSTRAINT: constraints });
    writeFileSync(done, "");
  }
  return folder;
}

/** What a shell command prints. Rejects when it fails. */
export async function runShell(
  command: string,
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = shell(command, folder, environment);
  const ended = once(child, "close");
  const [out, err] = await Promise.all([read(child.stdout), read(child.stderr)]);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`${command}\nended with ${code}:\n${out}${err}`);
  return out;
}

export interface Running {
  stop(): Promise<void>;
}

/** Starts the page's server; resolves once it answers at `url`. */
export async function start(
  page: Page,
  folder: string,
  environment: Readonly<Record<string, string>>,
  url: string,
): Promise<Running> {
  const child = shell(page.run, folder, environment);
  const ended = once(child, "close");
  let printed = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      printed = (printed + chunk).slice(-20_000);
    });
  }
  const stop = async () => {
    // The whole group: the shell, and what it started.
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  };
  for (const end = performance.now() + startTimeoutMs; performance.now() < end; await delay(100)) {
    if (child.exitCode !== null) throw new Error(`${page.name} ended with ${child.exitCode}:\n${printed}`);
    if (await answers(url)) return { stop };
  }
  await stop();
  throw new Error(`${page.name} does not answer:\n${printed}`);
}

function shell(command: string, folder: string, environment: Readonly<Record<string, string>>): ChildProcess {
  return spawn("sh", ["-eu", "-c", command], {
    cwd: folder,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
}

const read = (stream: NodeJS.ReadableStream | null) => (stream === null ? "" : text(stream));

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    () => true,
    () => false,
  );
}
