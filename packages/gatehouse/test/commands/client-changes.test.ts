import assert from "node:assert/strict";
import { after, test } from "node:test";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { seconds } from "../../src/oauth/values.ts";
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
const confidential = { authMethod: "client_secret_post", dynamicallyRegistered: false } as const;
const now = () => Math.floor(Date.now() / 1000);

test("an operator changes name and redirect URIs of a client, and its secrets and the rest stay", async () => {
  const previousSecret = { secretHash: hashSecret("before"), until: now() + 1000 };
  const client = aClient({ ...confidential, secretHash: hashSecret("first"), metadata: { name: "Web" } });
  await store.addClient(client);
  await store.rotateSecret(
    client,
    { secretHash: hashSecret("second"), clearSecret: undefined },
    {
      ...previousSecret,
      until: seconds(previousSecret.until),
    },
  );
  const before = (await store.findClient(client.id)) ?? assert.fail();
  assert.equal((await clients(["set", client.id, "--name", "Our web app"])).code, 0);
  const named = { ...before, metadata: { ...before.metadata, name: "Our web app" } };
  assert.deepEqual(await store.findClient(client.id), named);
  const uris = ["https://one.example.com/callback", "https://two.example.com/*"];
  const { code, out, err } = await clients([
    ...["set", client.id, "--json"],
    ...uris.flatMap((uri) => ["--redirect-uri", uri]),
  ]);
  assert.equal(code, 0, err);
  assert.deepEqual(JSON.parse(out), {
    client_id: client.id,
    client_name: "Our web app",
    redirect_uris: uris,
  });
  assert.deepEqual(await store.findClient(client.id), { ...named, redirectUris: uris });

  const registered = aClient({ dynamicallyRegistered: true });
  await store.addClient(registered);
  for (const [expected, ...args] of [
    [2, client.id],
    [2, client.id, "--redirect-uri", "javascript:alert(1)"],
    [1, registered.id, "--name", "Claude"],
    [1, "nobody", "--name", "x"],
  ] as const) {
    const refused = await clients(["set", ...args]);
    assert.deepEqual([refused.code, refused.out], [expected, ""], args.join(" "));
  }
  assert.deepEqual(await store.findClient(client.id), { ...named, redirectUris: uris });
  assert.deepEqual((await store.findClient(registered.id))?.metadata, registered.metadata);
});

test("a rotated secret is shown once, and the one before stays good for a day unless said otherwise", async () => {
  const client = aClient({ ...confidential, secretHash: hashSecret("first") });
  await store.addClient(client);
  const rotated = await clients(["rotate-secret", client.id]);
  assert.equal(rotated.code, 0, rotated.err);
  const [, secret = ""] = /^(gatehouse_cs_\S+)\n$/.exec(rotated.out) ?? [];
  assert.match(rotated.err, /old one stays good until \d{4}-\d\d-\d\d \d\d:\d\d UTC/);
  const found = (await store.findClient(client.id)) ?? assert.fail();
  assert.equal(found.secretHash, hashSecret(secret));
  assert.equal(found.previousSecret?.secretHash, hashSecret("first"));
  const left = (found.previousSecret?.until ?? 0) - now();
  assert.ok(left > 86_000 && left <= 86_400, `${left} seconds`);

  const again = await clients(
    ["rotate-secret", client.id, "--keep", "0", "--secret-stdin", "--json"],
    "n".repeat(40),
  );
  const none = { client_secret: null, previous_secret_until: null };
  assert.deepEqual(JSON.parse(again.out), { client_id: client.id, ...none });
  const after = (await store.findClient(client.id)) ?? assert.fail();
  assert.equal(after.secretHash, hashSecret("n".repeat(40)));
  assert.equal(after.previousSecret, undefined);
});

test("a secret in clear text is rotated in clear text, because the service before us still reads it there", async () => {
  const client = aClient({ ...confidential, clearSecret: "in clear", secretHash: hashSecret("of long ago") });
  await store.addClient(client);
  const { out, err } = await clients(["rotate-secret", client.id, "--keep", "90m"]);
  assert.match(err, /service before Gatehouse, .* takes the new one alone/);
  const secret = out.trim();
  const found = (await store.findClient(client.id)) ?? assert.fail();
  assert.equal(found.clearSecret, secret);
  assert.equal(found.secretHash, hashSecret(secret));
  assert.equal(found.previousSecret?.secretHash, hashSecret("in clear"));
});

test("there is nothing to rotate for a client without a secret, or for one that nobody could tell", async () => {
  const publicOne = aClient({ dynamicallyRegistered: false });
  const stranger = aClient({ authMethod: "client_secret_basic", secretHash: hashSecret("its own") });
  for (const client of [publicOne, stranger]) await store.addClient(client);
  for (const [args, code, reason] of [
    [[publicOne.id], 1, /has no secret/],
    [[stranger.id], 1, /registered itself/],
    [["nobody"], 1, /there is no client nobody/],
    [[publicOne.id, "--keep", "soon"], 2, /duration such as 24h/],
  ] as const) {
    const refused = await clients(["rotate-secret", ...args]);
    assert.equal(refused.code, code, refused.err);
    assert.match(refused.err, reason);
    assert.equal(refused.out, "");
  }
  assert.equal((await store.findClient(stranger.id))?.secretHash, hashSecret("its own"));
});

test("the operator vouches for a client that registered itself, sees it in the list, and takes it back", async () => {
  const client = aClient({ metadata: { name: "Our agent" } });
  await store.addClient(client);
  const origin = async () => {
    const line = (await clients(["list"])).out.split("\n").find((each) => each.startsWith(client.id)) ?? "";
    return /registered itself|operator/.exec(line)?.[0];
  };
  assert.equal(await origin(), "registered itself");
  const vouched = await clients(["vouch", client.id]);
  assert.equal(vouched.code, 0, vouched.err);
  assert.match(vouched.err, /set up by whoever runs this server/);
  assert.equal(await origin(), "operator");
  const withdrawn = await clients(["vouch", client.id, "--withdraw", "--json"]);
  assert.deepEqual(JSON.parse(withdrawn.out), { client_id: client.id, vouched: false });
  assert.equal(await origin(), "registered itself");
});

test("the operator cannot vouch for what would be trusted with more than a name", async () => {
  const secretive = aClient({ authMethod: "client_secret_post", secretHash: hashSecret("its own") });
  const documented = aClient({ id: "https://app.example.com/client.json" as (typeof secretive)["id"] });
  const own = aClient({ dynamicallyRegistered: false });
  for (const client of [secretive, documented, own]) await store.addClient(client);
  for (const [args, reason] of [
    [[secretive.id], /secret that it got by itself/],
    [[documented.id], /known by its document/],
    [["nobody"], /there is no client nobody/],
    [["nobody", "--withdraw"], /there is no client nobody/],
    [[own.id, "--withdraw"], /you provisioned/],
  ] as const) {
    const refused = await clients(["vouch", ...args]);
    assert.equal(refused.code, 1, args.join(" "));
    assert.match(refused.err, reason);
  }
  for (const { id } of [secretive, documented]) {
    assert.equal((await store.findClient(id))?.dynamicallyRegistered, true);
  }
});
