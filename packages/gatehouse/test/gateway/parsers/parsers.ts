import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { TestContext } from "node:test";

/** What a server would run: a tool, a prompt or a resource, by its name. */
export type Ran = readonly [kind: "tool" | "prompt" | "resource", name: string];

/** A server in some language, as far as it reads messages. Gives for each body what it would run. */
export interface Parser {
  readonly language: string;
  read(bodies: readonly string[]): Promise<readonly (readonly Ran[])[]>;
}

const folder = import.meta.dirname;

/** Those whose language is on this computer; which are not is said in the test's output. */
export function parsersHere(t: TestContext): readonly Parser[] {
  const found = [parser("JavaScript", [process.execPath, join(folder, "server.mjs")])];
  if (isHere("python3", "--version")) found.push(parser("Python", ["python3", join(folder, "server.py")]));
  else t.diagnostic("python3 is not here: not tried with a server in Python");
  if (isHere("go", "version")) found.push(parser("Go", [compiled(t)]));
  else t.diagnostic("go is not here: not tried with a server in Go");
  return found;
}

const isHere = (command: string, argument: string) => spawnSync(command, [argument]).status === 0;

function compiled(t: TestContext): string {
  const target = mkdtempSync(join(tmpdir(), "parser-"));
  t.after(() => rmSync(target, { recursive: true }));
  const program = join(target, "server");
  const { status, stderr } = spawnSync("go", ["build", "-o", program, join(folder, "server.go")], {
    encoding: "utf8",
    env: { ...process.env, GOFLAGS: "-mod=mod", GO111MODULE: "off", GOTOOLCHAIN: "local" },
  });
  if (status !== 0) throw new Error(`go build: ${stderr}`);
  return program;
}

function parser(language: string, [command = "", ...parameters]: readonly string[]): Parser {
  return {
    language,
    async read(bodies) {
      const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "inherit"] });
      child.stdin.end(bodies.map((body) => `${body}\n`).join(""));
      const lines = (await text(child.stdout)).trimEnd().split("\n");
      return lines.map((line) => JSON.parse(line) as Ran[]);
    },
  };
}
