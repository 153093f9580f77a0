import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { loadConfig } from "../../src/config/config.ts";
import { credentialOfNobody } from "../../src/oauth/declarations.ts";
import { shortIdOf } from "../../src/oauth/resource.ts";
import { keepDeclarations } from "../../src/start/declarations.ts";
import { createEvents } from "../../src/telemetry/events.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aFolder } from "../config/config-file.ts";
import { aTestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { post } from "../support/oauth-client.ts";

const servers = `servers:
  - name: notes
    title: Notes
    upstream: http://127.0.0.1:3000/mcp
    tools: { "*": read }
`;
const asking = `resources:
  - { identifier: "https://files.example/mcp", credential: gatehouse_rs_${"a".repeat(40)} }
`;

async function aServer(t: TestContext, yaml: string) {
  const database = await aTestDatabase();
  t.after(database.remove);
  const path = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const server = await startTestGatehouse({ SQL_URL: database.url, GATEHOUSE_CONFIG: path });
  t.after(() => server.stop());
  return { server, path, database };
}

/** Another instance on the same database, with a file of its own: only what it does about declarations. */
async function anotherInstance(t: TestContext, server: TestGatehouse, yaml: string) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const config = loadConfig({ environment: { BASE_URL: server.issuer }, configPath }, "command");
  const { store, clock } = server;
  const log = createLog({ level: "silent", format: "json", tokenPrefixes: [] });
  const kept = await keepDeclarations(config, { log, events: createEvents(log), store, clock }, true);
  t.after(() => kept.stop());
  return kept;
}

/** The addresses of what is declared and has not left. */
async function holding({ store, issuer }: TestGatehouse): Promise<string[]> {
  const all = (await store.listResources()).filter(({ declared }) => declared?.leftAt === undefined);
  return all.map(({ identifier }) => identifier.replace(issuer, "")).sort();
}

test("a file that speaks of servers behind it alone removes no resource of another instance, and the other way round", async (t) => {
  const { server } = await aServer(t, asking);
  const behind = await anotherInstance(t, server, servers);
  assert.deepEqual(await holding(server), ["/mcp", "https://files.example/mcp"]);
  await server.reload(asking);
  assert.deepEqual(await holding(server), ["/mcp", "https://files.example/mcp"]);
  server.clock.advance(1);
  const { warnings } = (await (await fetch(`${server.url}/readyz`)).json()) as { warnings?: string[] };
  assert.match(warnings?.join() ?? "", /servers are declared by another file .*; servers: \[\] removes them/);
  assert.match((await behind.warnings()).join(), /resources are declared by another file/);
  await server.reload(`${asking}servers: []\n`);
  assert.deepEqual(await holding(server), ["https://files.example/mcp"]);
  await server.reload(`resources: []\n${servers}`);
  assert.deepEqual(await holding(server), ["/mcp"]);
});

test("two instances with one file, and one that is started again, agree on what stands behind them", async (t) => {
  const { server, path } = await aServer(t, servers);
  const [before] = await server.store.listResources();
  const second = await startTestGatehouse({
    BASE_URL: server.issuer,
    GATEHOUSE_CONFIG: path,
    SQL_URL: (await aTestDatabase()).url,
  });
  t.after(() => second.stop());
  const [other] = await second.store.listResources();
  assert.equal(other?.declared?.fingerprint, before?.declared?.fingerprint);
  const again = await anotherInstance(t, server, servers);
  assert.deepEqual(await again.warnings(), []);
  server.clock.advance(1);
  const { warnings } = (await (await fetch(`${server.url}/readyz`)).json()) as { warnings?: string[] };
  assert.equal(warnings, undefined);
});

test("no credential asks in the name of what stands behind the server, and no command changes it", async (t) => {
  const { server, path, database } = await aServer(t, servers);
  const address = `${server.issuer}/mcp`;
  const [resource] = await server.store.listResources();
  assert.ok(resource);
  for (const secret of [credentialOfNobody(resource.identifier), `none of ${address}`, ""]) {
    for (const id of [address, shortIdOf(resource.identifier)]) {
      const answer = await post(server, "/introspect", { token: "x", client_id: id, client_secret: secret });
      assert.equal(answer.status, 401, secret);
    }
  }
  const command = async (...args: string[]) => {
    const said: string[] = [];
    const print = (text: string) => void said.push(text);
    const environment = { GATEHOUSE_CONFIG: path, SQL_URL: database.url, BASE_URL: server.issuer };
    const code = await runProgram(args, { ...processShell(environment), print, complain: print });
    return { code, said: said.join("\n") };
  };
  const listed = await command("resources", "list");
  assert.match(listed.said, /gatehouse\.yaml:2:11 \(behind this server\)/);
  for (const args of [
    ["set", address, "--name", "Mine"],
    ["rotate", shortIdOf(resource.identifier)],
    ["remove", address],
    ["add", address],
  ]) {
    const { code, said } = await command("resources", ...args);
    assert.equal(code, 1, args.join(" "));
    assert.match(said, /is declared at \S+gatehouse\.yaml:2:11 \(behind this server\): change it there/);
  }
  assert.deepEqual(await server.store.findResource(resource.identifier), resource);
});
