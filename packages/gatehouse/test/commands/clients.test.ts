import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Client } from "../../src/oauth/records.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { aClient } from "../contract/records.ts";
import { aDatabase, runCommand } from "./command-line.ts";

const database = await aDatabase();
/** Open all the time, as a server would have it. */
const store = await openSqliteStore({ path: database.path });
after(async () => {
  await store.close();
  await database.remove();
});

const clients = (args: readonly string[], input?: string) =>
  runCommand(["clients", ...args], database.environment, input);
const add = (id: string, method: string, uri: string, ...more: string[]) => [
  ...["add", "--id", id, "--auth-method", method, "--redirect-uri", uri],
  ...more,
];

test("an operator provisions the old web client with its secret and pattern, sees it, and removes it", async () => {
  const secret = "the-secret-the-web-client-always-had";
  const pattern = "https://app.example.com/*";
  const added = await clients(
    add("web", "client_secret_post", pattern, "--secret-stdin", "--name", "Our web app"),
    `${secret}\n`,
  );
  assert.equal(added.code, 0, added.err);
  assert.doesNotMatch(
    added.out + added.err,
    new RegExp(secret),
    "a secret that was brought along is not repeated",
  );

  const stored = await store.findClient("web");
  assert.equal(stored?.secretHash, hashSecret(secret), "a server that is running sees it at once");
  assert.equal(stored?.clearSecret, undefined);
  assert.equal(stored?.dynamicallyRegistered, false);

  const listed = await clients(["list"]);
  assert.match(listed.out, /^ID +NAME +AUTH METHOD/);
  assert.match(
    listed.out,
    /^web +Our web app +client_secret_post +operator +\d{4}-\d\d-\d\d \d\d:\d\d +never +https:/m,
  );

  const shown = await clients(["show", "web", "--json"]);
  const { created_at, ...facts } = JSON.parse(shown.out);
  assert.equal(typeof created_at, "number");
  assert.deepEqual(facts, {
    client_id: "web",
    client_name: "Our web app",
    client_uri: null,
    token_endpoint_auth_method: "client_secret_post",
    redirect_uris: [pattern],
    redirect_uris_matching_nothing: [],
    grant_types: ["authorization_code"],
    scope: null,
    dynamically_registered: false,
    declared_at: null,
    left_at: null,
    last_used_at: null,
  });
  assert.match((await clients(["show", "web"])).out, /^redirect URI +https:\/\/app\.example\.com\/\*$/m);

  assert.equal((await clients(["remove", "web", "--yes"])).code, 0);
  assert.equal(await store.findClient("web"), undefined);
  const again = await clients(["remove", "web"]);
  assert.equal(again.code, 1);
  assert.match(again.err, /there is no client web/);
  assert.equal((await clients(["show", "web"])).code, 1);
});

test("without a secret of the operator's one is generated and shown once", async () => {
  const added = await clients(
    add("generated", "client_secret_basic", "https://app.example.com/cb", "--json"),
  );
  const { client_secret: secret } = JSON.parse(added.out);
  assert.match(secret, /^gatehouse_cs_[A-Za-z0-9_-]{43}$/);
  assert.equal((await store.findClient("generated"))?.secretHash, hashSecret(secret));
  for (const args of [["list"], ["list", "--json"], ["show", "generated"], ["show", "generated", "--json"]]) {
    const { out } = await clients(args);
    assert.match(out, /generated/);
    assert.doesNotMatch(out, new RegExp(`${secret}|${hashSecret(secret)}`));
  }
});

test("a public client has no secret and may refresh", async () => {
  const added = await clients(add("cli", "none", "http://127.0.0.1/callback"));
  assert.equal(added.code, 0, added.err);
  assert.doesNotMatch(added.out + added.err, /secret/i);
  const stored = await store.findClient("cli");
  assert.equal(stored?.secretHash, undefined);
  assert.deepEqual(stored?.grantTypes, ["authorization_code", "refresh_token"]);
});

test("an id that is taken stays with who has it", async () => {
  await clients(add("taken", "none", "https://first.example.com/cb"));
  const second = await clients(add("taken", "none", "https://second.example.com/cb"));
  assert.equal(second.code, 1);
  assert.match(second.err, /the client id taken is taken/);
  assert.deepEqual((await store.findClient("taken"))?.redirectUris, ["https://first.example.com/cb"]);
});

test("a client may have several redirect URIs", async () => {
  const second = ["--redirect-uri", "https://two.example.com/cb"];
  await clients(add("several", "none", "https://one.example.com/cb", ...second));
  assert.deepEqual((await store.findClient("several"))?.redirectUris, [
    "https://one.example.com/cb",
    "https://two.example.com/cb",
  ]);
});

test("what is not safe to provision is refused as wrong usage, and nothing is stored", async () => {
  const post = "client_secret_post";
  const refused: [string[], RegExp, string?][] = [
    [add("bad", "none", "https://*.example.com/cb"), /wildcard/],
    [add("bad", "client_secret_basic", "https://app.example.com/*"), /wildcard/],
    [add("bad", post, "https://*.com/cb"), /registrable domain/],
    [add("bad", post, "*://app.example.com/cb"), /redirect URI/],
    [add("bad", post, "https://app.example.com/(cb"), /RE2/],
    [add("bad", post, "https://app.example.com/cb?next=*"), /write \\\?/],
    [add("bad", "none", "http://app.example.com/cb"), /https/],
    [add("bad id", "none", "https://app.example.com/cb"), /client id is/],
    [add("bad", "none", "https://app.example.com/cb", "--secret-stdin"), /no secret/, "s".repeat(40)],
    [add("bad", post, "https://app.example.com/cb", "--secret-stdin"), /standard input/, "two words"],
    [add("bad", post, "https://app.example.com/cb", "--secret-stdin"), /standard input/, ""],
    [add("bad", "private_key_jwt", "https://app.example.com/cb"), /Allowed choices/],
    [["add", "--id", "bad", "--auth-method", "none"], /--redirect-uri/],
  ];
  for (const [args, reason, input] of refused) {
    const { code, out, err } = await clients(args, input);
    assert.equal(code, 2, args.join(" "));
    assert.match(err, reason);
    assert.equal(out, "");
  }
  assert.equal(await store.findClient("bad"), undefined);
  assert.equal(await store.findClient("bad id"), undefined);
});

test("patterns that match nothing are marked in the list, and shown with why", async () => {
  const patterns = ["https://app.example.com/*", "regexp:https://.*\\.example\\.com/cb", "https://*/cb"];
  await store.addClient(
    aClient({
      id: "patterned" as Client["id"],
      authMethod: "client_secret_post",
      secretHash: hashSecret("s"),
      redirectUris: patterns,
      dynamicallyRegistered: false,
    }),
  );
  const line = (await clients(["list"])).out.split("\n").find((each) => each.startsWith("patterned")) ?? "";
  const [good = "", ...bad] = patterns;
  assert.ok(line.endsWith([good, ...bad.map((each) => `${each} (matches nothing)`)].join(" ")), line);
  const { out } = await clients(["show", "patterned"]);
  assert.match(out, /^ +matches nothing: .*a \. is literal here/m);
  assert.match(out, /^ +matches nothing: .*registrable domain/m);
  const shown = JSON.parse((await clients(["show", "patterned", "--json"])).out);
  assert.deepEqual(shown.redirect_uris_matching_nothing, bad);
});

test("a secret so short that it can be guessed is taken with a warning", async () => {
  const uri = "https://app.example.com/cb";
  const { code, err } = await clients(add("short", "client_secret_post", uri, "--secret-stdin"), "s3cret");
  assert.equal(code, 0);
  assert.match(err, /warning: .*32 characters/);
  assert.doesNotMatch(err, /s3cret/);
});
