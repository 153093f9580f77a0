import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { refreshTokenPrefix } from "../../src/oauth/tokens/prefixes.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { embedded, type TestDatabase } from "../support/database.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aLegacyClient, aLegacyToken } from "../support/legacy-client.ts";
import {
  aPublicClient,
  introspect,
  isActive,
  post,
  refresh,
  refreshed,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
  tokensOf,
} from "../support/oauth-client.ts";

/*
 * Access tokens that are statements about a grant, and those with a row: two processes on one database, one
 * of which shares its tokens with other services.
 */

let database: TestDatabase;
let server: TestGatehouse;
let sharing: TestGatehouse;
let client: TestClient;
let credential: string;

before(async () => {
  database = embedded();
  server = await startTestGatehouse({ SQL_URL: database.url, TOKEN_PREFIX: "tp_" });
  sharing = await startTestGatehouse({
    SQL_URL: database.url,
    TOKEN_PREFIX: "tp_",
    SHARED_TOKENS: "on",
    UPSTREAM_ISSUER: server.upstream.issuer,
  });
  credential = await server.addResource(resource, { read: "Read notes", write: "Write notes" });
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  await sharing?.stop();
  database?.remove();
});

const hasRow = async (token: string) => (await database.findToken(hashSecret(token))) !== undefined;
const asked = (token: string) => introspect(server, token, credential);

test("X02 introspection answers the same of a sealed and of a stored token of one grant", async () => {
  const sealed = await tokensFor(server, client);
  const stored = await refreshed(sharing, client, sealed.refresh_token);
  assert.deepEqual([await hasRow(sealed.access_token), await hasRow(stored.access_token)], [false, true]);
  for (const by of [credential, server.introspectionToken]) {
    const answers = await Promise.all(
      [sealed, stored].map(({ access_token }) => introspect(server, access_token, by)),
    );
    const [one, other] = answers.map((answer) => JSON.stringify({ ...answer, iat: 0, exp: 0 }));
    assert.equal(one, other);
    assert.deepEqual(
      answers.map(({ exp, iat }) => Number(exp) - Number(iat)),
      [3600, 3600],
    );
  }
});

test("X03 a sealed token ends with its time, its grant, its client, its person and its resource, in every process", async () => {
  const everywhere = async (token: string, expected: boolean) =>
    assert.deepEqual([await isActive(server, token), await isActive(sharing, token)], [expected, expected]);
  const ends: Record<string, (own: TestClient, tokens: Tokens) => Promise<unknown>> = {
    time: async () => {
      for (const each of [server, sharing]) each.clock.advance(3600);
    },
    grant: (own, tokens) => post(sharing, "/revoke", { client_id: own.id, token: tokens.refresh_token }),
    client: (own) => sharing.store.removeClient(own.id),
    person: async () => {
      const [account] = await sharing.store.findAccounts("alice@example.com");
      assert.ok(account && (await sharing.store.removeAccount(account.subject)));
    },
  };
  for (const [what, end] of Object.entries(ends)) {
    const own = await aPublicClient(server);
    const tokens = await tokensFor(server, own);
    await everywhere(tokens.access_token, true);
    await end(own, tokens);
    await everywhere(tokens.access_token, false);
    assert.ok(what);
  }
  const other = "https://other.example.com/mcp";
  await server.addResource(other);
  const { access_token } = await tokensFor(server, await aPublicClient(server), { resource: other });
  await everywhere(access_token, true);
  await sharing.store.removeResource(other as Parameters<typeof sharing.store.removeResource>[0]);
  await everywhere(access_token, false);
});

test("X05 garbage needs no look-up, a well-formed forgery one", async (t) => {
  const { access_token } = await tokensFor(server, client);
  const grants = t.mock.method(server.store, "findTokenGrant");
  const stored = t.mock.method(server.store, "findAccessToken");
  const lookups = () => grants.mock.callCount() + stored.mock.callCount();
  const [first, last] = [access_token.slice(0, 20), access_token.slice(21)];
  const flipped = first + (access_token.charAt(20) === "A" ? "B" : "A") + last;
  const spoilt = [
    flipped,
    `x${access_token}`,
    `${access_token.slice(0, -1)}!`,
    "tp_short",
    `tp_${"a".repeat(600)}`,
  ];
  for (const garbage of spoilt) assert.equal((await asked(garbage)).active, false, garbage);
  assert.equal(lookups(), 0);
  const forged = reseal(access_token, (bytes) => bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40));
  assert.equal((await asked(forged)).active, false);
  assert.equal(lookups(), 1);
  assert.equal((await asked(access_token)).active, true);
  assert.equal(lookups(), 2);
});

test("X06 a token narrowed at refresh keeps its scope for its whole life, the next one has the grant's", async () => {
  const first = await tokensFor(server, client, { scope: "read write" });
  const narrowed = tokensOf(await refresh(server, client, first.refresh_token, { scope: "read" }));
  assert.ok(await hasRow(narrowed.access_token));
  const next = await refreshed(server, client, narrowed.refresh_token);
  assert.equal((await asked(next.access_token)).scope, "read write");
  assert.equal((await asked(narrowed.access_token)).scope, "read");
});

test("X07 tokens of the original's clients have their row, and all have while tokens are shared", async () => {
  const web = await aLegacyClient(server);
  assert.ok(await hasRow(await aLegacyToken(server, web)));
  const shared = await tokensFor(sharing, await aPublicClient(sharing));
  const row = await database.findToken(hashSecret(shared.access_token));
  assert.equal(row?.email, "alice@example.com");
  assert.ok(
    await hasRow(
      (await refreshed(sharing, client, (await tokensFor(sharing, client)).refresh_token)).access_token,
    ),
  );
});

test("X08 tokens with a row stay good where tokens are sealed, and sealed ones where they are shared", async () => {
  const [sealed, stored] = [await tokensFor(server, client), await tokensFor(sharing, client)];
  assert.equal(await hasRow(stored.access_token), true);
  assert.ok(await isActive(server, stored.access_token));
  assert.equal(await hasRow(sealed.access_token), false);
  assert.ok(await isActive(sharing, sealed.access_token));
  assert.ok(await isActive(server, (await refreshed(server, client, stored.refresh_token)).access_token));
});

test("X09 no shape of a token is good as another kind, and no kind is made from another's bytes", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  const stored = await tokensFor(sharing, client);
  for (const token of [access_token, stored.access_token]) {
    assert.equal((await refresh(server, client, token)).body.error, "invalid_grant");
    const code = { grant_type: "authorization_code", code: token, client_id: client.id };
    const redeemed = await post(server, "/token", { ...code, code_verifier: "v".repeat(43) });
    assert.equal(redeemed.body.error, "invalid_grant");
    const asCaller = { authorization: `Bearer ${token}` };
    assert.equal((await post(server, "/introspect", { token }, asCaller)).status, 401);
    const asRegistration = { headers: { authorization: `Bearer ${token}` } };
    assert.equal((await fetch(`${server.url}/register/client`, asRegistration)).status, 401);
  }
  assert.equal((await asked(refresh_token)).active, false);
});

test("X10 the idle end moves once a day at most, and a grant is never idle for a day less than it may", async () => {
  const own = await startTestGatehouse({ GRANT_IDLE_TTL: "30d" });
  try {
    await own.addResource(resource);
    const installed = await aPublicClient(own);
    let tokens = await tokensFor(own, installed);
    const [account] = await own.store.findAccounts("alice@example.com");
    assert.ok(account);
    const moves = new Set<number>();
    const writes = own.store.rotateGrant;
    own.store.rotateGrant = (rotation) => {
      moves.add(rotation.expiresAt);
      return writes(rotation);
    };
    for (let hour = 0; hour < 48; hour++) {
      own.clock.advance(3600);
      tokens = await refreshed(own, installed, tokens.refresh_token);
    }
    assert.ok(moves.size <= 3, `${moves.size} ends in two days`);
    own.clock.advance(29 * 86_400 - 1);
    assert.equal((await refresh(own, installed, tokens.refresh_token)).status, 200);
  } finally {
    await own.stop();
  }
});

test("X12 a refresh writes one row, a redemption at most three, a registration one", async (t) => {
  const counted = embedded();
  const own = await startTestGatehouse({ SQL_URL: counted.url });
  t.after(async () => {
    await own.stop();
    counted.remove();
  });
  await own.addResource(resource);
  const writes = countWrites(counted.url.slice("sqlite:".length));
  t.after(writes.close);
  const installed = await aPublicClient(own);
  assert.equal(writes.since(), 1, "a registration");
  const { access_token: _, refresh_token } = await tokensFor(own, installed);
  writes.since();
  await refresh(own, installed, refresh_token);
  assert.equal(writes.since(), 1, "a refresh");
  const redeem = own.store.redeemCode;
  let redemption = 0;
  own.store.redeemCode = async (...redeemed) => {
    writes.since();
    const outcome = await redeem(...redeemed);
    redemption = writes.since();
    return outcome;
  };
  await tokensFor(own, installed);
  assert.ok(redemption > 0 && redemption <= 3, `a redemption: ${redemption}`);
});

test("X-n1 with any one bit flipped a sealed token is inactive, and its grant lives", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  for (let bit = 0; bit < 44 * 8; bit++) {
    const flipped = reseal(access_token, (bytes) => {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    });
    const answer = await asked(flipped);
    assert.deepEqual(answer, { active: false }, `bit ${bit}`);
  }
  assert.ok(await isActive(server, access_token));
  assert.equal((await refresh(server, client, refresh_token)).status, 200);
});

test("X-n2 with another grant's id or a later end spliced in, a sealed token is inactive", async () => {
  const [one, other] = [await tokensFor(server, client), await tokensFor(server, client)];
  const id = bytesOf(other.access_token).subarray(0, 16);
  for (const spliced of [
    reseal(one.access_token, (bytes) => void id.copy(bytes)),
    reseal(one.access_token, (bytes) => void bytes.writeUInt32BE(bytes.readUInt32BE(24) + 1, 24)),
    reseal(one.access_token, (bytes) => void bytes.writeUInt32BE(0xffff_ffff, 24)),
    reseal(one.access_token, (bytes) => void bytesOf(other.access_token).copy(bytes, 28, 28)),
  ]) {
    assert.equal((await asked(spliced)).active, false);
  }
});

test("X-n3 a refresh token's bytes under the access prefix are no access token, nor the reverse", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  const refreshBytes = Buffer.from(refresh_token.slice(refreshTokenPrefix.length), "base64url");
  for (const bytes of [refreshBytes, refreshBytes.subarray(0, 44)]) {
    assert.equal((await asked(withChecksum(bytes))).active, false);
  }
  const bytes = bytesOf(access_token);
  for (const length of [44, 52]) {
    const asRefresh =
      refreshTokenPrefix + Buffer.concat([bytes, Buffer.alloc(length - 44)]).toString("base64url");
    assert.equal((await refresh(server, client, asRefresh)).body.error, "invalid_grant");
  }
  assert.ok(await isActive(server, access_token));
});

test("X-n4 thousands of forged tokens for one grant neither end it nor hold up honest ones", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  for (let each = 0; each < 2000; each++) {
    const forged = reseal(access_token, (bytes) => void bytes.writeUInt32BE(each, 28));
    assert.equal((await asked(forged)).active, false);
  }
  assert.ok(await isActive(server, access_token));
  assert.equal((await refresh(server, client, refresh_token)).status, 200);
});

test("X-n8 with the clock a day back no lifetime is negative, codes stay used, and what had not expired is good", async () => {
  const { access_token, refresh_token } = await tokensFor(server, client);
  server.clock.advance(-86_400);
  try {
    const answer = await refresh(server, client, refresh_token);
    assert.equal(answer.status, 200);
    assert.equal(answer.body.expires_in, 3600);
    assert.ok(await isActive(server, access_token), "its end is a day away");
  } finally {
    server.clock.advance(86_400);
  }
  server.clock.advance(3600);
  assert.ok(!(await isActive(server, access_token)));
});

function bytesOf(token: string): Buffer {
  return Buffer.from(token.slice("tp_".length, -6), "base64url");
}

/** The token with its bytes changed, under a checksum that fits. */
function reseal(token: string, change: (bytes: Buffer) => void): string {
  const bytes = Buffer.from(bytesOf(token));
  change(bytes);
  return withChecksum(bytes);
}

function withChecksum(bytes: Buffer): string {
  const body = `tp_${bytes.toString("base64url")}`;
  return body + hashSecret(`checksum ${body}`).slice(0, 6);
}

/**
 * Counts rows that are written, by triggers on every table but those of the audit trail and of traces, which
 * are gathered and written now and then.
 */
function countWrites(path: string): { since(): number; close(): void } {
  const raw = new DatabaseSync(path);
  raw.exec("create table written (table_name text) strict");
  const tables = raw
    .prepare("select name from sqlite_schema where type = 'table' and name <> 'written'")
    .all()
    .filter(({ name }) => !/^gatehouse_(?:audit|trace)/.test(String(name)));
  for (const { name } of tables) {
    for (const event of ["insert", "update", "delete"]) {
      raw.exec(
        `create trigger count_${name}_${event} after ${event} on ${name} begin insert into written values ('${name}'); end`,
      );
    }
  }
  return {
    since() {
      const count = Number(raw.prepare("select count(*) as written from written").get()?.written);
      raw.exec("delete from written");
      return count;
    },
    close: () => raw.close(),
  };
}
