/**
 * `npm run image`: builds deploy/Dockerfile and runs it as deploy/compose.yaml does, alone with the embedded
 * database: read-only, without a capability, as no root. Says in a line each what it saw. `ENGINE=podman` for
 * another engine than docker.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const engine = process.env.ENGINE ?? "docker";
const isPodman = basename(engine).startsWith("podman");
const name = `gatehouse-tried-${process.pid}`;
const image = "mcp-gatehouse:tried";

/** Runs the engine's command. @returns what it printed, and how it ended */
function run(...args: string[]) {
  const { status, stdout, stderr, error } = spawnSync(engine, args, {
    cwd: join(import.meta.dirname, ".."),
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024, // all that a build prints
  });
  if (error !== undefined) throw error;
  return { status, out: stdout.trim(), err: stderr.trim() };
}

function must(...args: string[]): string {
  const { status, out, err } = run(...args);
  assert.equal(status, 0, `${engine} ${args.join(" ")}: ${err}`);
  return out;
}

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt++) {
    if (holds()) return console.log(what);
    await pause(500);
  }
  throw new Error(`not ${what}: ${run("logs", name).out}`);
}

const ready = () => run("exec", name, "gatehouse", "health", "--ready").status === 0;
const healthy = () =>
  isPodman
    ? run("healthcheck", "run", name).status === 0
    : must("inspect", "--format", "{{.State.Health.Status}}", name) === "healthy";

/** Whose the process is, what it may, and where it can write. */
const look = `
const fs = require("node:fs");
const written = ["/", "/app/", "/tmp/", "/usr/local/bin/", "/data/"].filter((folder) => {
  try { fs.writeFileSync(folder + "probe", ""); fs.unlinkSync(folder + "probe"); return true; } catch { return false; }
});
const [, capabilities] = /CapEff:\\s+(\\w+)/.exec(fs.readFileSync("/proc/1/status", "utf8"));
console.log(JSON.stringify({ user: process.getuid(), capabilities: Number("0x" + capabilities), written }));`;

/** Besides: nobody signs in here. */
const settings = {
  BASE_URL: "http://localhost:8080",
  OAUTH2_CLIENT_ID: "gatehouse",
  OAUTH2_CLIENT_SECRET: "tried",
  UPSTREAM_ISSUER: "http://localhost:1",
};

try {
  // Podman's own format knows no health check.
  must("build", ...(isPodman ? ["--format=docker"] : []), "--file=deploy/Dockerfile", `--tag=${image}`, ".");
  console.log("built");
  const environment = Object.entries(settings).map(([key, value]) => `--env=${key}=${value}`);
  const hardened = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
  must("run", "--detach", `--name=${name}`, `--volume=${name}:/data`, ...hardened, ...environment, image);
  await until("ready", ready);
  await until("healthy, says its own health check", healthy);
  const found = JSON.parse(must("exec", name, "node", "--eval", look));
  assert.deepEqual(found, { user: 10001, capabilities: 0, written: ["/data/"] });
  console.log("no root, without a capability, writes to /data alone");
  must("exec", name, "gatehouse", "resources", "add", "https://notes.example.com/mcp");
  const begun = performance.now();
  must("stop", "-t", "10", name);
  assert.equal(must("inspect", "--format", "{{.State.ExitCode}}", name), "0");
  console.log(`ended with 0, ${((performance.now() - begun) / 1000).toFixed(1)} s after SIGTERM`);
  must("start", name);
  await until("ready again", ready);
  assert.match(must("exec", name, "gatehouse", "resources", "list"), /notes\.example\.com/);
  console.log("with what it had before");
} finally {
  run("rm", "--force", name);
  run("volume", "rm", name);
}
