import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { processShell } from "../../src/commands/shell.ts";
import { loadConfig } from "../../src/config/config.ts";
import type { Resource } from "../../src/oauth/records.ts";
import { keepDeclarations } from "../../src/start/declarations.ts";
import { createEvents } from "../../src/telemetry/events.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aFolder } from "../config/config-file.ts";
import { eventsOf } from "../support/audit-events.ts";
import { aTestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensFor,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

const credential = `gatehouse_rs_${"a".repeat(40)}`;
const notes = `  - identifier: ${resource}
    name: Notes
    credential: ${credential}
    scopes:
      - { name: read, sentence: Read your notes }
      - { name: write, sentence: Change them }
`;
const files = `  - identifier: https://files.example.com/mcp
    credential: ${credential}2
`;
const dashboard = `clients:
  - id: dashboard
    auth_method: client_secret_basic
    secret: the-secret-of-the-dashboard
    redirect_uris: ["http://127.0.0.1:33418/callback"]
`;

/** A server with a file, which can be changed. */
async function aServer(t: TestContext, yaml: string) {
  const database = await aTestDatabase();
  t.after(database.remove);
  const path = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const server = await startTestGatehouse({ SQL_URL: database.url, GATEHOUSE_CONFIG: path });
  t.after(() => server.stop());
  return { server, path, change: server.reload, database };
}

/** Another instance on the same database, with a file of its own: only what it does about declarations. */
async function anotherInstance(t: TestContext, server: TestGatehouse, yaml: string) {
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const config = loadConfig({ environment: {}, configPath }, "command");
  const { store, clock } = server;
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const kept = await keepDeclarations(config, { log, events: createEvents(log), store, clock }, true);
  t.after(() => kept.stop());
  return { ...kept, lines };
}

async function command(path: string, url: string, ...args: string[]) {
  const said: string[] = [];
  const shell = {
    ...processShell({ GATEHOUSE_CONFIG: path, SQL_URL: url }),
    print: (line: string) => void said.push(line),
    complain: (line: string) => void said.push(line),
  };
  return { code: await runProgram(args, shell), said: said.join("\n") };
}

async function refusalFor(server: TestGatehouse, client: TestClient): Promise<string | null> {
  const response = await new UserAgent().request(authorizationUrl(server, client));
  const location = response.headers.get("location");
  return location === null ? null : new URL(location).searchParams.get("error");
}

/** Each reload of a test is of a file of its own. */
const withoutPlace = ({ declared, ...record }: Resource) => ({ ...record, as: declared?.fingerprint });

const readyz = async (server: TestGatehouse) =>
  (await (await fetch(`${server.url}/readyz`)).json()) as { status: string; warnings?: string[] };

test("Y17 what the file declares is there exactly so after start and reload, and of instances that differ the last started decides while the others say so", async (t) => {
  const { server, change } = await aServer(t, `resources:\n${notes}${dashboard}`);
  const declared = await server.store.listResources();
  assert.deepEqual(
    declared.map(({ identifier, name }) => [identifier, name]),
    [[resource, "Notes"]],
  );
  const client = await aPublicClient(server);
  const { access_token } = await tokensFor(server, client);
  assert.equal((await introspect(server, access_token)).aud, resource);
  const basic = `Basic ${Buffer.from("dashboard:the-secret-of-the-dashboard").toString("base64")}`;
  const answer = await post(
    server,
    "/token",
    { grant_type: "authorization_code", code: "x", code_verifier: "v".repeat(43) },
    { authorization: basic },
  );
  assert.equal(answer.body.error, "invalid_grant", "the client proved itself");
  await change(`resources:\n${notes}${dashboard}`);
  assert.deepEqual((await server.store.listResources()).map(withoutPlace), declared.map(withoutPlace));
  assert.deepEqual(eventsOf(server, "declaration_left"), []);
  await change(`resources:\n${files}${notes}${dashboard}`);
  assert.equal((await server.store.listResources()).length, 2);
  assert.equal((await readyz(server)).warnings, undefined);

  const other = await anotherInstance(t, server, `resources:\n${files}${dashboard}`);
  assert.equal(
    (await server.store.findResource(declared[0]?.identifier ?? fail()))?.declared?.leftAt,
    server.clock.now(),
  );
  server.clock.advance(1);
  const { status, warnings = [] } = await readyz(server);
  assert.equal(status, "ready");
  assert.match(warnings.join(), /resources are declared otherwise.*[0-9a-f]{12} holds.*has [0-9a-f]{12}/);
  const told = () => server.log.filter((line) => line.includes("this instance's declarations do not hold"));
  assert.equal(told().length, 1);
  server.clock.advance(1);
  await readyz(server);
  assert.equal(told().length, 1, "once");
  assert.deepEqual(await other.warnings(), []);
  await change(`resources:\n${files}${notes}${dashboard}`);
  server.clock.advance(1);
  assert.equal((await readyz(server)).warnings, undefined);
  assert.match((await other.warnings()).join(), /declared otherwise/);
});

function fail(): never {
  throw new Error("nothing is declared");
}

test("Y18 what leaves the file stops at once and says how many grants wait for it, which it has again within a day if it comes back unchanged", async (t) => {
  const { server, change } = await aServer(t, `resources:\n${notes}${files}`);
  const client = await aPublicClient(server);
  const tokens = await tokensFor(server, client);
  const its = { authorization: `Bearer ${credential}` };
  const isActive = async () => [
    (await introspect(server, tokens.access_token)).active,
    (await post(server, "/introspect", { token: tokens.access_token }, its)).body.active,
  ];
  assert.deepEqual(await isActive(), [true, true]);
  // A file with any error removes nothing.
  await assert.rejects(change(`resources:\n${files}  - identifier: nonsense\n`), /resources\[1\]/);
  assert.deepEqual(await isActive(), [true, true]);

  await change(`resources:\n${files}`);
  assert.deepEqual(await isActive(), [false, false]);
  assert.equal(await refusalFor(server, client), "invalid_target");
  const refused = await refresh(server, client, tokens.refresh_token);
  assert.deepEqual([refused.status, refused.body.error], [400, "invalid_target"]);
  const [left, ...more] = eventsOf(server, "declaration_left");
  assert.deepEqual(more, []);
  assert.equal(left?.resource, resource);
  assert.match(left?.detail ?? "", /; 1 grant waits for a day/);

  server.clock.advance(86_399 - 3600);
  await change(`resources:\n${notes.replace("Read your notes", "Read all of your notes")}${files}`);
  assert.equal(eventsOf(server, "declaration_returned").length, 1);
  const fresh = await refresh(server, client, tokens.refresh_token);
  assert.equal(fresh.status, 200);
  assert.equal((await introspect(server, String(fresh.body.access_token))).active, true);

  await change("resources: []\n");
  server.clock.advance(86_400);
  const other = await anotherInstance(t, server, "resources: []\n");
  await other.look();
  const ended = other.lines
    .map((line) => JSON.parse(line))
    .filter(({ event }) => event === "declaration_ended");
  assert.deepEqual(ended.map(({ detail }) => /\d+ grants? ha\w+ ended/.exec(detail)?.[0]).sort(), [
    "0 grants have ended",
    "1 grant has ended",
  ]);
  assert.deepEqual(await server.store.listResources(), []);
  await change(`resources:\n${notes}`);
  const gone = await refresh(server, client, String(fresh.body.refresh_token));
  assert.equal(gone.body.error, "invalid_grant");
});

test("what comes back as something else has none of the grants from before", async (t) => {
  const { server, change } = await aServer(t, `resources:\n${notes}`);
  const client = await aPublicClient(server);
  const { access_token, refresh_token } = await tokensFor(server, client);
  await change("resources: []\n");
  await change(`resources:\n${notes.replace("name: write", "name: admin")}`);
  assert.equal((await introspect(server, access_token)).active, false);
  assert.equal((await refresh(server, client, refresh_token)).body.error, "invalid_grant");
  assert.match(eventsOf(server, "declaration_ended")[0]?.detail ?? "", /1 grant has ended/);
});

test("a client that leaves the file can do nothing, and is itself again when it comes back", async (t) => {
  const { server, change } = await aServer(t, `resources:\n${notes}${dashboard}`);
  const client: TestClient = {
    ...(await aPublicClient(server)),
    id: "dashboard",
    secret: "the-secret-of-the-dashboard",
  };
  const arrival = await new UserAgent().follow(
    authorizationUrl(server, client),
    ({ port }) => port === "33418",
  );
  const { body } = await redeem(server, client, arrival.url.searchParams.get("code") ?? "");
  const [access_token, refresh_token] = [String(body.access_token), String(body.refresh_token)];
  await change(`resources:\n${notes}clients: []\n`);
  assert.equal((await introspect(server, access_token)).active, false);
  assert.equal((await refresh(server, client, refresh_token)).body.error, "invalid_client");
  assert.equal((await new UserAgent().request(authorizationUrl(server, client))).status, 400);
  assert.match(eventsOf(server, "declaration_left")[0]?.detail ?? "", /1 grant waits/);
  await change(`resources:\n${notes}${dashboard}`);
  assert.equal((await introspect(server, access_token)).active, true);
  const next = await refresh(server, client, refresh_token);
  assert.equal(next.status, 200);
  // Its secret changes without a gap: both are good while both are in the file.
  const secret = "another-secret-of-the-dashboard";
  const both = dashboard.replace("secret: ", `secret: ${secret}\n    previous_secret: `);
  await change(`resources:\n${notes}${both}`);
  const last = await refresh(server, client, String(next.body.refresh_token));
  assert.equal(last.status, 200);
  const renewed = { ...client, secret };
  assert.equal((await refresh(server, renewed, String(last.body.refresh_token))).status, 200);
  await change(`resources:\n${notes}${both.replace(/.*previous_secret.*\n/, "")}`);
  assert.equal((await refresh(server, client, String(last.body.refresh_token))).body.error, "invalid_client");
});

test("Y-n9 two instances that exclude each other, restarted in turn, lose no grant but those that the last one removed", async (t) => {
  const { server } = await aServer(t, `resources:\n${notes}`);
  const client = await aPublicClient(server);
  const { refresh_token } = await tokensFor(server, client);
  for (let round = 0; round < 10; round++) {
    await anotherInstance(t, server, `resources:\n${files}`);
    server.clock.advance(3000);
    assert.equal((await server.store.listResources()).filter(({ declared }) => !declared?.leftAt).length, 1);
    await server.reload(`resources:\n${notes}`);
    server.clock.advance(3000);
    // None of them undoes it by itself.
    await readyz(server);
  }
  assert.equal((await refresh(server, client, refresh_token)).status, 200);
  assert.equal(eventsOf(server, "declaration_ended").length, 0);
  const [gone] = (await server.store.listResources()).filter(({ declared }) => declared?.leftAt);
  assert.equal(gone?.identifier, "https://files.example.com/mcp");
});

test("Y-n10 no command changes what is declared, however it calls it, and each names the line", async (t) => {
  const { server, path, database } = await aServer(t, `resources:\n${notes}${dashboard}`);
  const before = [await server.store.listResources(), await server.store.findClient("dashboard")];
  const { shortIdOf } = await import("../../src/oauth/resource.ts");
  const [{ identifier } = fail()] = await server.store.listResources();
  for (const args of [
    ["resources", "set", resource, "--name", "Mine"],
    ["resources", "set", shortIdOf(identifier), "--default-scope", "read"],
    ["resources", "rotate", "https://NOTES.example.com:443/mcp"],
    ["resources", "rotate", shortIdOf(identifier), "--keep", "24h"],
    ["resources", "remove", resource],
    ["resources", "add", resource],
    ["clients", "set", "dashboard", "--name", "Mine"],
    ["clients", "rotate-secret", "dashboard"],
    ["clients", "vouch", "dashboard"],
    ["clients", "vouch", "dashboard", "--withdraw"],
    ["clients", "remove", "dashboard"],
    ["clients", "add", "--id", "dashboard", "--auth-method", "none", "--redirect-uri", "https://a.example/"],
  ]) {
    const { code, said } = await command(path, database.url, ...args);
    assert.equal(code, 1, `${args.join(" ")}: ${said}`);
    assert.match(said, /gatehouse\.yaml:\d+:\d+/, args.join(" "));
  }
  const byCredential = await command(path, database.url, "resources", "rotate", credential);
  assert.equal(byCredential.code, 1);
  assert.doesNotMatch(byCredential.said, new RegExp(credential));
  assert.deepEqual([await server.store.listResources(), await server.store.findClient("dashboard")], before);
  const listed = await command(path, database.url, "resources", "list");
  assert.match(listed.said, /gatehouse\.yaml:2:17/);
  // Without the file it is the same: the database knows.
  rmSync(path);
  const elsewhere = await command("", database.url, "resources", "remove", resource);
  assert.match(elsewhere.said, /gatehouse\.yaml:2:17/);
});
