import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { promisify } from "node:util";
import manifest from "../../packages/gatehouse/package.json" with { type: "json" };
import { knownMigrations as knownToPostgres } from "../../packages/gatehouse/src/storage/postgres/migrations.ts";
import { knownMigrations } from "../../packages/gatehouse/src/storage/sqlite/migrations.ts";
import { freePort } from "../../packages/gatehouse/test/support/free-port.ts";
import { startPostgres } from "../../packages/gatehouse/test/support/postgres.ts";
import { running, servesPasskeys } from "../packages/running.ts";
import { buildExecutable } from "./build.ts";

/*
 * The single executable, where there is nothing else: an empty folder, and no environment, so no PATH to
 * find a `node` in.
 */

let base: string;
let executable: string;
before(async () => {
  base = mkdtempSync(join(tmpdir(), "executable-"));
  executable = join(base, process.platform === "win32" ? "gatehouse.exe" : "gatehouse");
  await buildExecutable(executable);
});
after(() => rmSync(base, { recursive: true, force: true }));

const emptyFolder = () => mkdtempSync(join(base, "empty-"));

/** Runs it to its end: all that it says. @throws when it does not end with 0 */
async function run(args: readonly string[], cwd = emptyFolder(), env: NodeJS.ProcessEnv = {}) {
  const { stdout, stderr }: Record<"stdout" | "stderr", string> = await promisify(execFile)(
    executable,
    args,
    {
      cwd,
      env,
    },
  );
  assert.doesNotMatch(stderr, /Warning/);
  return stdout + stderr;
}

test("Y07 the single executable runs dev, serve, several workers and every command in an empty folder without an environment", async (t) => {
  assert.equal(
    await run(["--version"]),
    `gatehouse ${manifest.version} (Node ${process.versions.node}, ${process.platform} ${process.arch})\n`,
  );
  const help = await run(["--help"]);
  const commands = [...help.matchAll(/^ {2}(\w+) (?:\[|<| )/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => name !== "help");
  assert.ok(commands.length >= 7, help);
  for (const command of commands) {
    assert.match(await run([command, "--help"]), new RegExp(`Usage: gatehouse ${command}`));
  }

  const folder = emptyFolder();
  const applied = await run(["migrate"], folder);
  for (const { name } of knownMigrations()) assert.match(applied, new RegExp(`^Applied ${name}$`, "m"));
  assert.deepEqual(readdirSync(folder), ["data"]);
  const credential = await run(
    ["resources", "add", "https://notes.example.com/mcp", "--name", "Notes"],
    folder,
  );
  assert.match(credential, /gatehouse_rs_/);
  assert.match(await run(["resources", "list"], folder), /https:\/\/notes\.example\.com\/mcp/);

  await t.test("dev, with its demo server", async (t) => {
    const [port, demo] = [await freePort(), await freePort()];
    const program = await start(t, ["dev"], { PORT: String(port), DEMO_PORT: String(demo) }, /is running/);
    await servesItsPages(`http://localhost:${port}`);
    assert.equal((await fetch(`http://localhost:${demo}/mcp`, { method: "POST" })).status, 401);
    assert.doesNotMatch(program.stderr(), /Warning/);
  });

  await t.test("protect, in front of a server that is not there and of a program", async (t) => {
    for (const behind of [
      ["http://127.0.0.1:1/mcp"],
      ["--", process.execPath, "-e", "process.stdin.resume()"],
    ]) {
      const port = await freePort();
      const program = await start(t, ["protect", ...behind], { PORT: String(port) }, /Ctrl-C/);
      await servesItsPages(`http://localhost:${port}`);
      const refused = await fetch(`http://localhost:${port}/mcp`, { method: "POST" });
      assert.equal(refused.status, 401);
      assert.match(refused.headers.get("www-authenticate") ?? "", /resource_metadata=/);
      assert.doesNotMatch(program.stderr(), /Warning/);
    }
  });

  await t.test("serve, in two workers, with a file that declares a resource", async (t) => {
    const port = await freePort();
    const config = join(emptyFolder(), "gatehouse.yaml");
    // Nobody signs in here.
    const yaml = `
server: { port: ${port}, workers: 2 }
sign_in: { client_id: gatehouse, client_secret: secret, issuer: "http://localhost:1", allowed_domains: [example.com], passkeys: on }
resources:
  - { identifier: "https://notes.example.com/mcp", credential: gatehouse_rs_${"a".repeat(40)} }
`;
    writeFileSync(config, yaml);
    const program = await start(t, ["serve", "--config", config], {}, /"workers":2/);
    await servesItsPages(`http://localhost:${port}`);
    await servesPasskeys(`http://localhost:${port}`);
    assert.equal((await fetch(`http://localhost:${port}/readyz`)).status, 200);
    assert.doesNotMatch(program.stderr(), /Warning/);
  });
});

test("the single executable speaks to PostgreSQL", async (t) => {
  const postgres = await startPostgres();
  t.after(() => postgres.stop());
  const statements = await run(["migrate", "--dry-run"], undefined, { SQL_URL: postgres.url });
  for (const { name } of knownToPostgres()) assert.ok(statements.includes(name), name);
});

function start(t: TestContext, args: string[], env: NodeJS.ProcessEnv, ready: RegExp) {
  return running(t, spawn(executable, args, { cwd: emptyFolder(), env }), ready);
}

async function servesItsPages(url: string): Promise<void> {
  const home = await (await fetch(`${url}/`)).text();
  const stylesheet = /href="(\/assets\/[^"]+\.css)"/.exec(home)?.[1];
  assert.equal((await fetch(`${url}${stylesheet}`)).status, 200);
}
