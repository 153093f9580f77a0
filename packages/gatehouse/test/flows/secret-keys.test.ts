import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import type { Settings } from "../../src/oauth/settings.ts";
import { isGenuine, parseRefreshToken, refreshTokenOf } from "../../src/oauth/tokens/refresh-token.ts";
import { newKeyText } from "../../src/oauth/tokens/secret-keys.ts";
import { seconds } from "../../src/oauth/values.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { runCommand, startCommand, untilPrinted } from "../commands/command-line.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  refresh,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";
import { startUpstream } from "../support/upstream.ts";

/*
 * What becomes of refresh tokens when the keys, or the places where they stand, change: servers one after the
 * other, or at once, on one database.
 */

const folder = await mkdtemp(join(tmpdir(), "gatehouse-keys-"));
/** One provider for all servers: with another, the same address would be somebody else's. */
const upstream = await startUpstream({ anyPort: true });
after(async () => {
  await upstream.close();
  await rm(folder, { recursive: true });
});
let count = 0;

/** A database, and servers on it with these keys; with none, with the key file beside it. */
function aDatabase() {
  const path = join(folder, `${++count}.db`);
  const keyFile = `${path}.key`;
  return {
    path,
    keyFile,
    keys: () => readFile(keyFile, "utf8"),
    change(...statements: readonly string[]) {
      const connection = new DatabaseSync(path);
      for (const statement of statements) connection.exec(statement);
      connection.close();
    },
    command: (args: readonly string[], environment: Record<string, string> = {}) =>
      runCommand(args, { SQL_URL: `sqlite:${path}`, ...environment }),
    async serve<T>(
      environment: Record<string, string>,
      use: (server: TestGatehouse) => Promise<T>,
    ): Promise<T> {
      const { issuer: UPSTREAM_ISSUER } = upstream;
      const common = { SQL_URL: `sqlite:${path}`, SECRET_KEY: "", UPSTREAM_ISSUER };
      const server = await startTestGatehouse({ ...common, ...environment });
      try {
        return await use(server);
      } finally {
        await server.stop();
      }
    },
  };
}

async function signIn(server: TestGatehouse): Promise<{ client: TestClient; tokens: Tokens }> {
  if ((await server.store.listResources()).length === 0) await server.addResource(resource);
  const client = await aPublicClient(server);
  return { client, tokens: await tokensFor(server, client) };
}

async function refreshed(server: TestGatehouse, client: TestClient, token: string): Promise<string> {
  const { status, body } = await refresh(server, client, token);
  assert.equal(status, 200, JSON.stringify(body));
  return String(body.refresh_token);
}

test("X13 a key's text means the same wherever it stands, and SECRET_KEY=new,$(cat the file) signs nobody out", async () => {
  const database = aDatabase();
  const { client, tokens } = await database.serve({}, signIn);
  const file = (await database.keys()).trim();
  const copy = join(folder, "copied.key");
  await writeFile(copy, `${file}\n`, { mode: 0o444 }); // as container platforms mount secrets
  let token = tokens.refresh_token;
  const fresh = newKeyText();
  for (const environment of [
    { SECRET_KEY: file },
    { SECRET_KEY_FILE: copy },
    {},
    { SECRET_KEY: `${fresh},${file}` },
    { SECRET_KEY: fresh },
  ] as Record<string, string>[]) {
    token = await database.serve(environment, (server) => refreshed(server, client, token));
  }
});

test("what keys made before there was one rule goes on, in the file as in SECRET_KEY, and processes of both versions agree", async () => {
  const database = aDatabase();
  const text = newKeyText();
  await writeFile(database.keyFile, `${text}\n`, { mode: 0o600 });
  // As the version before the rule made them: from the bytes that the text of the file encodes.
  const settings = { secretKeys: [Buffer.from(text, "base64url")] } as unknown as Settings;
  const { client, grantId } = await database.serve({}, async (server) => {
    const { client, tokens } = await signIn(server);
    return { client, grantId: parseRefreshToken(tokens.refresh_token)?.grantId ?? assert.fail() };
  });
  database.change("delete from gatehouse_keys", "update gatehouse_grants set key_id = null");
  const store = await openSqliteStore({ path: database.path });
  const grant = await store.findGrant(grantId, seconds(Date.now() / 1000));
  await store.close();
  assert.ok(grant);
  let token = refreshTokenOf(grant, grant.generation, settings);
  const isOld = (made: string) => isGenuine(parseRefreshToken(made) ?? assert.fail(), grant, settings);

  token = await database.serve({}, (server) => refreshed(server, client, token));
  assert.ok(isOld(token), "a process of the version before still verifies it");
  token = await database.serve({ SECRET_KEY: text }, (server) => refreshed(server, client, token));
  assert.ok(isOld(token), "wherever the text stands");
  const next = `${newKeyText()},${text}`;
  token = await database.serve({ SECRET_KEY: next }, (server) => refreshed(server, client, token));
  assert.ok(!isOld(token));
  token = await database.serve({ SECRET_KEY: next }, (server) => refreshed(server, client, token));
});

test("X14 a start with none of the keys that the living tokens were made with is refused, and names both ways out", async () => {
  const database = aDatabase();
  const [old, other] = [newKeyText(), newKeyText()];
  const { client, tokens } = await database.serve({ SECRET_KEY: old }, signIn);
  const start = { ...production, SECRET_KEY: other };
  for (const args of [["serve"], ["dev"]]) {
    const { code, err } = await database.command(args, start);
    assert.equal(code, 2, err);
    assert.match(
      err,
      /^gatehouse: the database was used with other keys \([0-9a-f]{8}\) than those configured/,
    );
    assert.match(
      err,
      /give the old key as second \(SECRET_KEY=new,old\), or start once with --accept-new-key, and 1 person/,
    );
    assert.ok(!err.includes(old) && !err.includes(other), "no key is told");
  }
  const both = { SECRET_KEY: `${other},${old}` };
  const token = await database.serve(both, (server) => refreshed(server, client, tokens.refresh_token));

  const third = newKeyText();
  const told = await startAndStop(database, ["serve", "--accept-new-key"], {
    ...production,
    SECRET_KEY: third,
  });
  assert.match(told, /"people":1,.*so many people have to sign in anew/);
  assert.match(
    told,
    /"event":"key_added","request":"-","reason":"accepted","detail":"[0-9a-f]{8}, in SECRET_KEY"/,
  );
  const again = await startAndStop(database, ["serve", "--accept-new-key"], {
    ...production,
    SECRET_KEY: third,
  });
  assert.match(again, /--accept-new-key was not needed/);
  await database.serve({ SECRET_KEY: third }, async (server) => {
    assert.equal((await refresh(server, client, token)).body.error, "invalid_grant");
    await signIn(server);
  });
  const back = { SECRET_KEY: `${third},${other}` };
  await database.serve(back, (server) => refreshed(server, client, token));
});

test("X15 a missing key file beside a database in use is not made anew in silence", async () => {
  const database = aDatabase();
  const { client, tokens } = await database.serve({}, signIn);
  const lost = await database.keys();
  await rm(database.keyFile);
  for (const args of [["serve"], ["dev"]]) {
    const { code, err } = await database.command(args, production);
    assert.equal(code, 2, err);
    assert.match(
      err,
      /^gatehouse: the key file .*\.db\.key is missing, but the database is in use: put it back/,
    );
    assert.match(err, /--accept-new-key, and 1 person signs in anew/);
  }
  await assert.rejects(database.keys(), { code: "ENOENT" });
  await writeFile(database.keyFile, lost, { mode: 0o600 });
  await database.serve({}, (server) => refreshed(server, client, tokens.refresh_token));
  await rm(database.keyFile);
  const told = await startAndStop(database, ["serve", "--accept-new-key"], production);
  assert.match(told, /"people":1,.*so many people have to sign in anew/);
  assert.match(told, /"key_added",.*"detail":"[0-9a-f]{8}, made by this start","count":1/);
  assert.notEqual(await database.keys(), lost);
});

test("a key file beside a database in which no refresh token lives is made as before", async () => {
  const database = aDatabase();
  await database.serve({}, async (server) => void (await server.addResource(resource)));
  await rm(database.keyFile);
  await database.serve({}, signIn);
  assert.match(await database.keys(), /^[A-Za-z0-9_-]{43}\n$/);
});

test("X16 after keys rotate the first key makes tokens and all verify, until keys retire, which waits for the last grant", async () => {
  const database = aDatabase();
  const environment = {};
  const first = await database.serve(environment, signIn);
  const second = await database.serve(environment, signIn);
  const listed = async () =>
    JSON.parse((await database.command(["keys", "list", "--json"])).out) as Record<string, unknown>[];
  const [{ key: old } = {}] = await listed();
  const rotated = await database.command(["keys", "rotate"]);
  assert.equal(rotated.code, 0, rotated.err);
  assert.match(rotated.err, /stands first in .*\.db\.key; what the older ones made goes on being good/);
  assert.equal((await database.keys()).trim().split("\n").length, 2);

  let token = await database.serve(environment, (server) =>
    refreshed(server, first.client, first.tokens.refresh_token),
  );
  token = await database.serve(environment, (server) => refreshed(server, first.client, token));
  const uses = (await listed()).map(({ use, grants }) => ({ use, grants }));
  assert.deepEqual(uses, [
    { use: "makes tokens", grants: 1 },
    { use: "verifies", grants: 1 },
  ]);
  const refused = await database.command(["keys", "retire", String(old)]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /1 live grant \(of 1 person\) still depend on/);
  await database.serve(environment, (server) =>
    refreshed(server, second.client, second.tokens.refresh_token),
  );
  const retired = await database.command(["keys", "retire", String(old)]);
  assert.equal(retired.code, 0, retired.err);
  assert.equal((await database.keys()).trim().split("\n").length, 1);
  await database.serve(environment, (server) => refreshed(server, first.client, token));
});

test("X-n5 a database with a wrong key, or another database with the right key, verifies nothing", async () => {
  const [mine, other] = [aDatabase(), aDatabase()];
  const key = { SECRET_KEY: newKeyText() };
  const { client, tokens } = await mine.serve(key, signIn);
  await other.serve(key, async (server) => {
    await signIn(server);
    const { error } = (await refresh(server, client, tokens.refresh_token)).body;
    assert.equal(error, "invalid_client", "the client is not known there, nor is its grant");
    const its = await aPublicClient(server);
    assert.equal((await refresh(server, its, tokens.refresh_token)).body.error, "invalid_grant");
  });
  mine.change("delete from gatehouse_keys"); // as a thief would, who wants to start on the dump
  await mine.serve({ SECRET_KEY: newKeyText() }, async (server) => {
    assert.equal((await refresh(server, client, tokens.refresh_token)).body.error, "invalid_grant");
  });
  mine.change("delete from gatehouse_keys");
  await mine.serve({ SECRET_KEY: `${newKeyText()},${key.SECRET_KEY}` }, (server) =>
    refreshed(server, client, tokens.refresh_token),
  );
});

test("X-n7 two processes with the keys in different order verify everything of each other, and the older one warns", async () => {
  const database = aDatabase();
  const [one, two] = [newKeyText(), newKeyText()];
  const warnings = async (server: TestGatehouse) =>
    ((await (await fetch(`${server.url}/readyz`)).json()) as { warnings?: string[] }).warnings ?? [];
  await database.serve({ SECRET_KEY: `${one},${two}` }, async (left) => {
    assert.deepEqual(await warnings(left), []);
    const { client, tokens } = await signIn(left);
    database.change("update gatehouse_keys set started_at = started_at - 5");
    left.clock.advance(1); // readiness is looked into once a second
    await database.serve({ SECRET_KEY: `${two},${one}` }, async (right) => {
      let token = tokens.refresh_token;
      for (const server of [right, left, right, left]) token = await refreshed(server, client, token);
      assert.match(
        (await warnings(left)).join(),
        /another process makes refresh tokens with another key than this one/,
      );
      assert.deepEqual(await warnings(right), []);
    });
  });
});

/** Nobody signs in there. */
const production = {
  BASE_URL: "http://localhost:1",
  PORT: "0",
  UPSTREAM_ISSUER: "http://localhost:1",
  OAUTH2_CLIENT_ID: "gatehouse",
  OAUTH2_CLIENT_SECRET: "a-secret",
};

/** Starts the command, and stops it once it listens; resolves with what it printed. */
async function startAndStop(
  { path }: { readonly path: string },
  args: readonly string[],
  environment: Record<string, string>,
): Promise<string> {
  const child = startCommand(args, { SQL_URL: `sqlite:${path}`, ...environment });
  const printed = await untilPrinted(child, /listening.*\n/);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  return printed;
}
