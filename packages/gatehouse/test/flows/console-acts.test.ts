import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import type { ClientId } from "../../src/oauth/values.ts";
import { eventsOf } from "../support/audit-events.ts";
import { act, isAgain, openConsole, signInAgain, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorize,
  introspect,
  openConsentPage,
  redeem,
  refresh,
  resource,
  tokensOf,
} from "../support/oauth-client.ts";
import { type Arrival, hiddenFields, UserAgent } from "../support/user-agent.ts";

/* What administrators set up and change in the console: apps, MCP servers and clients. */

let server: TestGatehouse;
let agent: UserAgent;
before(async () => {
  server = await startTestGatehouse({ ADMINS: "boss@example.com" });
  server.upstream.signedInAt = () => server.clock.now();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  agent = await signInAtHome(server, "boss");
  await openConsole(server, agent);
});
after(() => server.stop());

async function connect(sub: string) {
  server.upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  const client = await aPublicClient(server, { client_name: `App of ${sub}` });
  const end = await authorize(server, client, { agent: new UserAgent() });
  const tokens = tokensOf(await redeem(server, client, end.searchParams.get("code") ?? ""));
  server.upstream.account = { sub: "boss", email: "boss@example.com", email_verified: true };
  return { client, tokens };
}

const secretOn = (html: string) => /<pre class="secret"><code>([^<]+)</.exec(html)?.[1] ?? assert.fail(html);

test("an app is found by its client or server, shown, and disconnected after a question", async () => {
  const { client, tokens } = await connect("ada");
  const list = await openConsole(server, agent, `/grants?client=${client.id}`);
  const [, id = ""] = /\/grant\?id=([^"]+)"/.exec(list.html) ?? [];
  assert.match(list.html, /ada@example\.com/);
  const forServer = await openConsole(server, agent, `/grants?resource=${encodeURIComponent(resource)}`);
  assert.match(forServer.html, /ada@example\.com/);
  const shown = await openConsole(server, agent, `/grant?id=${id}`);
  assert.match(shown.html, /App of ada/);
  const asked = await act(server, agent, "/grant", { id, act: "revoke" });
  assert.match(asked.html, /This ends 1 app\./);
  assert.equal((await introspect(server, tokens.access_token)).active, true);
  await act(server, agent, "/grant", { id, act: "revoke", confirmed: "yes" });
  assert.equal((await introspect(server, tokens.access_token)).active, false);
  const revoked = eventsOf(server, "grant_revoked").at(-1);
  assert.equal(revoked?.grant, id);
  const [, reference = "none"] = /\/flow\?reference=([^"]+)"/.exec(shown.html) ?? [];
  assert.equal(revoked?.attempt, reference, "it stands under the attempt that the app came from");
  const trail = await eventually(() => openConsole(server, agent, `/audit?grant=${id}`), /grant_revoked/);
  assert.match(trail.html, /<code>code_redeemed</);
});

test("an MCP server is added, changed, given another credential and removed; its credential is shown once", async () => {
  const identifier = canonicalResource("https://new.example/mcp");
  const id = shortIdOf(identifier);
  const wrong = await act(server, agent, "/servers/new", {
    identifier: "nonsense",
    name: "New",
    scopes: "a=b\na=c",
  });
  assert.match(wrong.html, /A scope stands there twice/);
  assert.match(wrong.html, /value="New"/, "what was entered is there still");
  const added = await act(server, agent, "/servers/new", {
    identifier,
    name: "New one",
    scopes: "read=Read it\nwrite=Change it",
    defaults: "read",
    claim_groups: "yes",
  });
  const credential = secretOn(added.html);
  assert.equal(added.response.headers.get("cache-control"), "no-store");
  assert.equal((await server.store.findResourceByCredential(hashSecret(credential)))?.identifier, identifier);
  assert.equal(eventsOf(server, "resource_added").at(-1)?.resource, identifier);
  assert.ok(!server.log.join("").includes(credential));

  const page = await openConsole(server, agent, `/server?id=${id}`);
  assert.match(page.html, /read=Read it\nwrite=Change it/);
  assert.ok(!page.html.includes(credential));
  await act(server, agent, "/server", {
    id,
    act: "set",
    name: "Renamed",
    scopes: "read=Read it",
    optionals: "read",
  });
  const changed = await server.store.findResource(identifier);
  assert.deepEqual(
    [changed?.name, changed?.scopes, changed?.claims],
    ["Renamed", [{ name: "read", sentence: "Read it", isOptional: true }], undefined],
  );
  const rotated = secretOn((await act(server, agent, "/server", { id, act: "rotate", keep: "24h" })).html);
  assert.match(
    eventsOf(server, "resource_credential_rotated").at(-1)?.detail ?? "",
    /^the old one is good until \d{4}-/,
  );
  for (const each of [credential, rotated]) {
    assert.equal((await server.store.findResourceByCredential(hashSecret(each)))?.identifier, identifier);
  }
  const asked = await act(server, agent, "/server", { id, act: "remove" });
  assert.match(asked.html, /This ends 0 apps\./);
  await act(server, agent, "/server", { id, act: "remove", confirmed: "yes" });
  assert.equal(await server.store.findResource(identifier), undefined);
});

test("a client is provisioned, changed, given another secret and removed; its secret is shown once", async () => {
  const wrong = await act(server, agent, "/clients/new", {
    id: "a b",
    redirect_uris: "https://app.example/cb",
  });
  assert.match(wrong.html, /1 to 200 letters/);
  const made = await act(server, agent, "/clients/new", {
    id: "web",
    name: "The web app",
    auth_method: "client_secret_basic",
    redirect_uris: "https://app.example/cb",
  });
  const secret = secretOn(made.html);
  assert.equal((await server.store.findClient("web"))?.secretHash, hashSecret(secret));
  const twice = await act(server, agent, "/clients/new", {
    id: "web",
    redirect_uris: "https://app.example/cb",
  });
  assert.match(twice.html, /There is one already/);
  const refused = await act(server, agent, "/client", {
    id: "web",
    act: "set",
    redirect_uris: "javascript:alert(1)",
  });
  assert.match(refused.html, /cannot be meant/);
  await act(server, agent, "/client", {
    id: "web",
    act: "set",
    name: "Renamed",
    redirect_uris: "https://a.example/1\nhttps://a.example/2",
  });
  const changed = await server.store.findClient("web");
  assert.deepEqual(
    [changed?.metadata.name, changed?.redirectUris],
    ["Renamed", ["https://a.example/1", "https://a.example/2"]],
  );
  const rotated = secretOn(
    (await act(server, agent, "/client", { id: "web", act: "rotate", keep: "1h" })).html,
  );
  const now = await server.store.findClient("web");
  assert.deepEqual(
    [now?.secretHash, now?.previousSecret?.secretHash],
    [hashSecret(rotated), hashSecret(secret)],
  );
  const found = await agent.request(`${server.url}/console/clients?id=web`);
  assert.equal(found.headers.get("location"), `${server.issuer}/console/client?id=web`);
  const secondly = await act(server, agent, "/client", { id: "web", act: "rotate", keep: "0" });
  assert.notEqual(secretOn(secondly.html), rotated);
  assert.equal(eventsOf(server, "client_credential_rotated").at(-1)?.detail, "the old one has ended");
  await act(server, agent, "/client", { id: "web", act: "remove" });
  assert.ok(await server.store.findClient("web"));
  await act(server, agent, "/client", { id: "web", act: "remove", confirmed: "yes" });
  assert.equal(await server.store.findClient("web"), undefined);
  for (const name of ["client_added", "client_updated", "client_credential_rotated", "client_removed"]) {
    assert.equal(eventsOf(server, name).at(-1)?.client, "web", name);
  }
});

test("a client that registered itself is vouched for, or not any more; what it says of itself only it changes", async () => {
  const { client } = await connect("bert");
  const refused = await act(server, agent, "/client", {
    id: client.id,
    act: "set",
    redirect_uris: "https://evil.example",
  });
  assert.match(refused.html, /only it can change/);
  const page = await openConsole(server, agent, `/client?id=${client.id}`);
  const { seen = "" } = hiddenFields(page.html);
  // It shows what is fine, and says something else by the time the administrator presses the button.
  const { store } = server;
  const shown = (await store.findClient(client.id)) ?? assert.fail();
  await store.replaceClient({ ...shown, redirectUris: ["https://evil.example/callback"] });
  const late = await act(server, agent, "/client", { id: client.id, act: "vouch", seen });
  assert.match(late.html, /look at it again/);
  assert.equal((await store.findClient(client.id))?.dynamicallyRegistered, true);
  const next = hiddenFields((await openConsole(server, agent, `/client?id=${client.id}`)).html);
  await act(server, agent, "/client", { id: client.id, act: "vouch", seen: next.seen ?? "" });
  assert.equal((await server.store.findClient(client.id))?.dynamicallyRegistered, false);
  await act(server, agent, "/client", { id: client.id, act: "withdraw" });
  assert.equal((await server.store.findClient(client.id))?.dynamicallyRegistered, true);
  assert.match(
    (await act(server, agent, "/client", { id: client.id, act: "rotate" })).html,
    /It has no secret/,
  );
});

test("what a file declares is shown, and no form changes it", async () => {
  await server.reload(
    `resources:\n  - identifier: https://declared.example/mcp\n    credential: gatehouse_rs_${"a".repeat(40)}\n`,
  );
  const declared = (await server.store.listResources()).find((one) => one.declared !== undefined);
  assert.ok(declared);
  const id = shortIdOf(declared.identifier);
  const page = await openConsole(server, agent, `/server?id=${id}`);
  assert.match(page.html, /Declared at/);
  assert.doesNotMatch(page.html, /<textarea/);
  const refused = await act(server, agent, "/server", { id, act: "remove", confirmed: "yes" });
  assert.match(refused.html, /A file declares it/);
  assert.ok(await server.store.findResource(declared.identifier));
});

test("after a sign-in the form is there again with what was entered, and nothing has been done", async () => {
  server.clock.advance(5 * 60 + 1);
  const asked = await act(server, agent, "/servers/new", {
    identifier: "https://late.example/mcp",
    name: "Late",
    scopes: "a=b c",
  });
  assert.ok(isAgain(asked));
  const back = await signInAgain(agent, asked);
  assert.match(back.html, /value="https:\/\/late\.example\/mcp"/);
  assert.match(back.html, /a=b c/);
  assert.equal(await server.store.findResource(canonicalResource("https://late.example/mcp")), undefined);
});

test("flows are found by reference, person and client, with their steps and what the audit trail has of them", async () => {
  const { client } = await connect("cleo");
  const [account] = await server.store.findAccounts("cleo@example.com");
  const [grant] = (await server.store.findHoldings(account?.subject ?? assert.fail(), server.clock.now()))
    .grants;
  const reference = grant?.reference ?? assert.fail("no reference");
  await openConsole(server, agent);
  const page = await eventually(
    () => openConsole(server, agent, `/flow?reference=${reference}`),
    /authorization_received[\s\S]*tokens_issued/,
  );
  assert.match(page.html, /consent_shown/);
  assert.match(page.html, /tokens_issued[\s\S]*The app exchanged the code/);
  const steps = (html: string, named: string) =>
    new RegExp(`${named}</code></a>[\\s\\S]*?<code lang="en">(\\w+)</code>`).exec(html)?.[1];
  for (const query of [`client=${client.id}`, "person=cleo@example.com", `person=${account?.subject}`]) {
    const list = await openConsole(server, agent, `/flows?${query}`);
    assert.equal(steps(list.html, reference), "tokens_issued", query);
  }
  const unused = await aPublicClient(server, { client_name: "Never used" });
  const registration = (await server.store.findClient(unused.id as ClientId))?.reference ?? assert.fail();
  const registered = await eventually(
    () => openConsole(server, agent, `/flow?reference=${registration}`),
    /client_registered/,
  );
  assert.match(registered.html, /An app registered itself[\s\S]*Never used/);
  const its = await openConsole(server, agent, `/flows?client=${unused.id}`);
  assert.equal(steps(its.html, registration), "client_registered");
  assert.match(
    (await openConsole(server, agent, "/flows?person=nobody@example.com")).html,
    /Nobody signed in/,
  );
  for (const unknown of ["AAAA-BBBB-CCCC", "'", "%00x", ""]) {
    const missing = await agent.follow(`${server.url}/console/flow?reference=${unknown}`);
    assert.ok(missing.response.status < 500, unknown);
    assert.doesNotMatch(missing.html, /authorization_received/);
  }
});

test("an attempt that is still open, and one whose app wanted new tokens at once, say so in the list and on their page", async () => {
  const { client, tokens } = await connect("hasty");
  assert.equal((await refresh(server, client, tokens.refresh_token)).status, 200);
  const list = () => openConsole(server, agent, `/flows?client=${client.id}`);
  const hasty = await eventually(list, /state doubtful/);
  assert.match(hasty.html, /tokens_issued<\/code> <span class="state doubtful">connected, but new tokens/);
  const row = hasty.html.split("<li>").find((each) => each.includes("doubtful")) ?? "";
  const [, reference = ""] = /flow\?reference=([\w-]+)"/.exec(row) ?? [];
  const its = await openConsole(server, agent, `/flow?reference=${reference}`);
  assert.match(
    its.html,
    /had to refresh \d\.\d s after its first tokens[\s\S]*class="mend">The MCP server&#39;s own log/,
  );

  const { page } = await openConsentPage(server, client, await signInAtHome(server, "hasty"));
  await signInAtHome(server, "boss");
  const undecided = page.response.headers.get("x-request-id") ?? "";
  const open = await eventually(list, /state open/);
  assert.match(
    open.html,
    new RegExp(`${undecided}</code></a>[\\s\\S]*?consent_shown</code> <span class="state open">open<`),
  );
  const asked = await openConsole(server, agent, `/flow?reference=${undecided}`);
  assert.match(asked.html, /<\/h1>\s*<div class="part"><p lang="en">[^<]*has not decided so far\./);
  const { client: another } = await connect("calm");
  const calm = await eventually(
    () => openConsole(server, agent, `/flows?client=${another.id}`),
    /tokens_issued/,
  );
  assert.match(calm.html, /tokens_issued<\/code> <span class="state ok">/);
});

test("the audit trail is searched by event, person, client and day, and what it tells of strangers is harmless", async () => {
  await connect("dora");
  const evil = await aPublicClient(server, { client_name: "</script><b>evil" });
  await agent.request(
    `${server.url}/authorize?client_id=${evil.id}&redirect_uri=${encodeURIComponent("https://x.example/<script>alert(1)</script>")}`,
  );
  const byName = await eventually(
    () => openConsole(server, agent, "/audit?name=sign_in&person=dora@example.com"),
    /sign_in/,
  );
  assert.equal([...byName.html.matchAll(/<time /g)].length, 1);
  const day = new Date(server.clock.now() * 1000).toISOString().slice(0, 10);
  assert.match((await openConsole(server, agent, `/audit?since=${day}&until=${day}`)).html, /<time /);
  assert.match((await openConsole(server, agent, "/audit?since=yesterday")).html, /A day is written like/);
  const all = await openConsole(server, agent, "/audit");
  assert.doesNotMatch(all.html, /<script|<b>evil/);
  const overview = await openConsole(server, agent);
  assert.match(overview.html, /Sign-ins <span class="many">\d+/);
  assert.match(overview.html, /aria-label="Sign-ins by the hour: \d+ in 24 hours/);
});

/** What is written a moment later. */
async function eventually(open: () => Promise<Arrival>, sign: RegExp): Promise<Arrival> {
  for (let left = 40; ; left--) {
    const page = await open();
    if (left === 0 || sign.test(page.html.replace(/<form.*?<\/form>/gs, ""))) return page;
    await pause(50);
  }
}
