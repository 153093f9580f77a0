import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  isActive,
  openConsentPage,
  pkce,
  post,
  redeem,
  refresh,
  resource,
  type TestClient,
  type Tokens,
  tokensFor,
} from "../support/oauth-client.ts";
import { hiddenFields, UserAgent } from "../support/user-agent.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-dump-"));
const path = join(folder, "gatehouse.db");
let server: TestGatehouse;
let client: TestClient;
let own: TestClient;
/** The browser whose consent page is open. */
let waiting: UserAgent;
/** Every secret that is alive, by what it is. */
const alive = new Map<string, string>();

before(async () => {
  server = await startTestGatehouse({ SQL_URL: `sqlite:${path}`, SECRET_KEY: "" });
  alive.set("introspection credential", await server.addResource(resource));
  client = await aPublicClient(server);
  own = {
    id: "own",
    redirectUri: "https://own.example.net/cb",
    secret: `gatehouse_cs_${pkce().verifier}`,
    ...pkce(),
  };
  await server.addClient({
    id: "own",
    secret: own.secret ?? "",
    authMethod: "client_secret_basic",
    redirectUris: [own.redirectUri],
  });
  alive.set("client secret", own.secret ?? "");

  const tokens = await tokensFor(server, client);
  alive.set("access token", tokens.access_token);
  alive.set("refresh token", tokens.refresh_token);
  // One attempt that waits for consent, one that waits for the sign-in, one code nobody has redeemed.
  const { agent, page } = await openConsentPage(server, client);
  const { transaction = "", csrf = "" } = hiddenFields(page.html);
  waiting = agent;
  alive.set("transaction handle", transaction).set("csrf value", csrf);
  for (const [name, value] of agent.cookiesOf(server.url)) alive.set(`cookie ${name.slice(0, 17)}`, value);
  const signingIn = await new UserAgent().request(authorizationUrl(server, client));
  alive.set(
    "upstream state",
    new URL(signingIn.headers.get("location") ?? "").searchParams.get("state") ?? "",
  );
  const { url } = await new UserAgent().follow(authorizationUrl(server, own), (at) =>
    at.href.startsWith(own.redirectUri),
  );
  alive.set("code", url.searchParams.get("code") ?? "");
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true });
});

/** Every value of every column of every table. */
function dump(): string[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
  const values = tables.flatMap(({ name }) =>
    database
      .prepare(`select * from "${name}"`)
      .all()
      .flatMap((row) => Object.values(row)),
  );
  database.close();
  return [...new Set(values.filter((value) => value !== null).map(String))].filter((value) => value !== "");
}

test("T02 the database and its journals hold none of the secrets that are alive", () => {
  const files = ["", "-wal"].map((suffix) => readFileSync(path + suffix, "latin1")).join("");
  assert.ok(alive.size >= 9, [...alive.keys()].join());
  for (const [name, secret] of alive) {
    assert.ok(secret.length >= 22, name);
    assert.ok(!files.includes(secret), `${name} stands in the database`);
  }
});

test("T07 the key of the refresh tokens is not in the database, nor in any answer or log line", async () => {
  const key = readFileSync(`${path}.key`, "utf8").trim();
  assert.ok(key.length >= 43);
  const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).text();
  for (const text of [
    readFileSync(path, "latin1"),
    readFileSync(`${path}-wal`, "latin1"),
    metadata,
    server.log.join(""),
  ]) {
    assert.ok(!text.includes(key));
    assert.ok(!text.includes(server.upstream.clientSecret));
  }
});

const cookieOf = (kind: string): [name: string, value: string] =>
  [...waiting.cookiesOf(server.url)].find(([name]) => name.startsWith(kind)) ?? assert.fail(kind);

async function isSignedIn(session: string): Promise<boolean> {
  const home = await fetch(`${server.url}/`, { headers: { cookie: `gatehouse-session=${session}` } });
  return (await home.text()).includes("alice@example.com");
}

/** What the consent page answers to this handle and attempt cookie, in the rightful person's session. */
async function opens(handle: string, secret: string): Promise<number> {
  const [session, [name]] = [cookieOf("gatehouse-session"), cookieOf("gatehouse-attempt-")];
  const response = await fetch(`${server.url}/consent?transaction=${encodeURIComponent(handle)}`, {
    headers: { cookie: `${session.join("=")}; ${name}=${secret}` },
  });
  return response.status;
}

test("T-n1 no value of a dump works as token, code, secret, cookie or credential", async () => {
  const values = dump();
  assert.ok(values.length > 40);
  const handle = alive.get("transaction handle") ?? "";
  const [[, attemptSecret], [, sessionSecret]] = [
    cookieOf("gatehouse-attempt-"),
    cookieOf("gatehouse-session"),
  ];
  for (const value of values) {
    assert.ok(!(await isActive(server, value)), `${value} is an access token`);
    assert.notEqual((await refresh(server, client, value)).status, 200, `${value} is a refresh token`);
    assert.notEqual((await redeem(server, client, value)).status, 200, `${value} is a code`);
    assert.notEqual((await redeem(server, own, value)).status, 200, `${value} is a code`);
    assert.notEqual(
      (await redeem(server, { ...own, secret: value }, alive.get("code") ?? "")).status,
      200,
      `${value} is a secret`,
    );
    const asCaller = await post(
      server,
      "/introspect",
      { token: alive.get("access token") },
      { authorization: `Bearer ${value.replace(/\s/g, "")}` },
    );
    assert.notEqual(asCaller.status, 200, `${value} is an introspection credential`);
    if (!/^[\x21-\x7E]+$/.test(value)) continue;
    assert.ok(!(await isSignedIn(value)), `${value} is a session`);
    assert.equal(await opens(handle, value), 400, `${value} is an attempt's cookie`);
    assert.equal(await opens(value, attemptSecret), 400, `${value} is a transaction`);
  }
  // What was tried against is alive: the test would have noticed.
  assert.ok(await isSignedIn(sessionSecret));
  assert.equal(await opens(handle, attemptSecret), 200);
  assert.ok(await isActive(server, alive.get("access token") ?? ""));
  const tokens = (await refresh(server, client, alive.get("refresh token") ?? "")).body as unknown as Tokens;
  assert.ok(tokens.access_token);
  assert.equal((await redeem(server, own, alive.get("code") ?? "")).status, 200);
});

test("T01 every secret that is minted has 256 random bits", () => {
  for (const [name, secret] of alive) {
    const random = secret.replace(/^gatehouse_[a-z]{2}_/, "");
    assert.match(random, /^[A-Za-z0-9_-]{43,}$/, name);
    assert.ok(new Set(random).size > 16, name);
  }
});
