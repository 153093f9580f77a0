import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browse } from "./person.ts";

const program = fileURLToPath(import.meta.resolve("@modelcontextprotocol/conformance/dist/index.js"));

/** One check of the suite, as it reports it. */
export interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

/** Runs all its scenarios for authorization servers; `browse` opens the address it prints. */
export async function runConformance(
  t: TestContext,
  options: Readonly<Record<string, string>>,
  browse: Browse,
): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-conformance-"));
  const settings = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  const args = [program, "authorization", ...settings, "--output-dir", folder];
  const suite = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => void suite.kill());
  t.after(() => rm(folder, { recursive: true, force: true }));

  let printed = "";
  let asked = 0;
  const { promise: ended, resolve, reject } = Promise.withResolvers<unknown>();
  suite.on("error", reject);
  suite.on("close", resolve);
  suite.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    const urls = [...printed.matchAll(/^(http\S+\/authorize\?\S+)\n/gm)];
    for (const [, url = ""] of urls.slice(asked)) browse(new URL(url)).catch(reject);
    asked = urls.length;
  });
  await ended;
  return readChecks(folder);
}

/**
 * Runs its scenarios for MCP servers against one.
 * @returns how each check ended, by scenario and check
 */
export async function runServerConformance(
  t: TestContext,
  url: string,
  options: readonly string[],
): Promise<Map<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-conformance-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const args = [program, "server", "--url", url, ...options, "--output-dir", folder];
  const suite = spawn(process.execPath, args, { stdio: "ignore" });
  t.after(() => void suite.kill());
  await new Promise((resolve, reject) => suite.on("close", resolve).on("error", reject));
  const ends = new Map<string, string>();
  for (const run of await readdir(folder)) {
    // server-<scenario>-<time>
    const scenario = run.replace(/^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$/g, "");
    const text = await readFile(join(folder, run, "checks.json"), "utf8");
    for (const [index, { id, status }] of (JSON.parse(text) as Check[]).entries()) {
      ends.set(`${scenario} ${index} ${id}`, status);
    }
  }
  return ends;
}

async function readChecks(folder: string): Promise<Check[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith("checks.json"));
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return texts.flatMap((text) => JSON.parse(text) as Check[]);
}
