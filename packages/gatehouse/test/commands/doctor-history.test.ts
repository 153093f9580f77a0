import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { type TestContext, test } from "node:test";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { embedded } from "../support/database.ts";
import { startWithOwnProvider } from "../support/failures.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { changeRecords } from "../support/loose-records.ts";
import {
  aPublicClient,
  authorizationUrl,
  authorize,
  refreshed,
  resource,
  tokensFor,
} from "../support/oauth-client.ts";
import { closeServer } from "../support/upstream.ts";
import { UserAgent } from "../support/user-agent.ts";
import { runCommand } from "./command-line.ts";
import { doctor, shown } from "./doctor-outcome.ts";

/* What doctor reads in the audit trail, and asks MCP servers. */

async function aServer(t: TestContext, settings: Record<string, string> = {}) {
  const database = embedded();
  const server = await startTestGatehouse({ SQL_URL: database.url, ...settings });
  let runs = true;
  const stop = async () => {
    if (runs) await server.stop();
    runs = false;
  };
  t.after(async () => {
    await stop();
    database.remove();
  });
  return { server, stop, path: database.url.slice("sqlite:".length), environment: { ...server.environment } };
}

test("an MCP server that asks with a wrong credential, and one that asks with an old one, are named with what mends it", async (t) => {
  const { server, environment } = await aServer(t);
  const notes = canonicalResource("https://notes.example.com/mcp");
  const credential = await server.addResource(notes);
  const introspect = (secret: string) =>
    fetch(`${server.url}/introspect`, {
      method: "POST",
      headers: { Authorization: `Basic ${btoa(`${shortIdOf(notes)}:${secret}`)}` },
      body: new URLSearchParams({ token: "any" }),
    });
  const quiet = await doctor(environment);
  assert.match(shown(quiet.of("resource.credential")), /^ok \| No MCP server was refused in the last day/);
  assert.equal((await introspect("gatehouse_rs_wrong")).status, 401);
  server.clock.advance(61);
  assert.equal((await introspect("gatehouse_rs_wrong")).status, 401);
  // Who says nothing of itself is known by the token that it asks about.
  const { access_token } = await tokensFor(server, await aPublicClient(server));
  const nameless = await fetch(`${server.url}/introspect`, {
    method: "POST",
    headers: { Authorization: "Bearer gatehouse_rs_wrong" },
    body: new URLSearchParams({ token: access_token }),
  });
  assert.equal(nameless.status, 401);
  const written = async (name: string, count: number) => {
    const page = { order: "newest", limit: 10 } as const;
    while ((await server.store.findAudit({ name }, page)).records.length < count)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await written("introspection_refused", 3);
  const { code, of } = await doctor(environment);
  assert.equal(code, 1);
  assert.match(
    shown(of("resource.credential")),
    /^fail \| Notes was refused in 3 minutes of the last day, .* last \(no such credential, from 127\.0\.0\.1\), and was not answered since: its server has another credential\. \| `gatehouse resources rotate https:\/\/notes\.example\.com\/mcp --keep 24h`/,
  );
  // It has the right one now: what was before is past.
  server.clock.advance(1);
  for (let at = 0; at < 2; at++) assert.equal((await introspect(credential)).status, 200);
  await written("introspection_accepted", 1);
  const mended = await doctor(environment);
  assert.match(
    shown(mended.of("resource.credential")),
    /^ok \| Notes was refused in 3 minutes of the last day, .* last, and is answered again since\.$/,
  );
  const failed = mended.findings.filter(({ result }) => result === "fail").map(({ id }) => id);
  // This server's clock was set on by more than a challenge lives.
  assert.deepEqual(
    failed.filter((id) => id !== "public.reach"),
    [],
  );
  const { records } = await server.store.findAudit(
    { name: "introspection_accepted" },
    { order: "newest", limit: 9 },
  );
  assert.equal(records.length, 1, "one for both names of it, and for what follows none");
});

test("an MCP server that has the credential of another one is told, with whose and for what the token is", async (t) => {
  const { server, stop, environment } = await aServer(t);
  const other = canonicalResource("https://notes.example.com/mpc");
  await server.addResource(resource);
  const credential = await server.addResource(other);
  const { access_token } = await tokensFor(server, await aPublicClient(server));
  const answer = await fetch(`${server.url}/introspect`, {
    method: "POST",
    headers: { Authorization: `Bearer ${credential}` },
    body: new URLSearchParams({ token: access_token }),
  });
  assert.deepEqual(await answer.json(), { active: false });
  await stop();
  const { of } = await doctor(environment);
  assert.equal(
    shown(of("resource.credential")),
    `warn | The token is for ${resource}, and whoever asked has the credential of ${other}, just now last. | If that server is the one the token is for, give it that one's credential: \`gatehouse resources rotate\`. Else an app sends its tokens to the wrong server.`,
  );
});

test("sign-ins without a proven address, budgets that were reached, and a changed audit trail are told", async (t) => {
  const { server, stop, environment, path } = await aServer(t, { RATE_LIMITS: "on" });
  const client = await aPublicClient(server);
  await server.addResource(resource);
  await authorize(server, client);
  const good = await doctor(environment);
  assert.match(shown(good.of("provider.claims")), /^(?:ok|skipped) \|/);
  assert.equal(shown(good.of("limits")), "ok | No budget was reached in the last day.");
  server.upstream.account = { sub: "eve", email: "eve@example.com", email_verified: false };
  await new UserAgent().follow(authorizationUrl(server, client));
  const register = () => fetch(`${server.url}/register`, { method: "POST", body: "{}" });
  await Promise.all(Array.from({ length: 310 }, register)); // 300 a minute are taken
  await stop();
  const { of } = await doctor(environment);
  assert.match(
    shown(of("provider.claims")),
    /^warn \| 1 of the last 2 sign-ins came without a proven address \(.*email_verified.*\)\. \| See the page of your provider/,
  );
  assert.match(
    shown(of("limits")),
    /^warn \| `register` was reached in 1 minute of the last day by 127\.0\.0\.1 alone \(log: `limit_reached`\)/,
  );
  assert.match(shown(of("audit.chain")), /^ok \| \d+ records, whole\.$/);
  const database = new DatabaseSync(path);
  changeRecords(database, "update loose_records set outcome = 'success' where name = 'sign_in_denied'");
  database.close();
  const edited = await doctor(environment);
  assert.match(shown(edited.of("audit.chain")), /^fail \| .* \| `gatehouse audit verify`/);
});

test("an MCP server that names another resource, another authorization server, or lets everybody in is told", async (t) => {
  const { server, stop, environment } = await aServer(t);
  await stop();
  let document: Record<string, unknown> = {};
  let status = 401;
  const answer: RequestListener = (request, response) => {
    if (request.url?.startsWith("/.well-known/")) return response.end(JSON.stringify(document));
    return response.writeHead(status).end();
  };
  const mcp = createServer(answer);
  await new Promise<void>((resolve) => mcp.listen(0, "127.0.0.1", resolve));
  t.after(() => closeServer(mcp));
  const address = mcp.address();
  const identifier = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`;
  const { code } = await runCommand(["resources", "add", identifier], environment);
  assert.equal(code, 0);
  const right = { resource: identifier, authorization_servers: [server.issuer] };
  const cases: readonly (readonly [Record<string, unknown>, number, RegExp])[] = [
    [right, 401, /^ok \| `http:.*\/mcp` names itself and us\.$/],
    [
      { ...right, resource: `${identifier}/` },
      401,
      /^fail \| It names `.*\/mcp\/` as resource: clients ask for that, we know `.*\/mcp`\./,
    ],
    [
      { ...right, authorization_servers: ["https://other.example"] },
      401,
      /^fail \| .* sends clients to https:\/\/other\.example, not to/,
    ],
    [right, 200, /^fail \| .* answers 200 without a token: it is open to everybody/],
    [right, 500, /^warn \| .* answers 500 in place of 401/],
  ];
  for (const [staged, answered, says] of cases) {
    document = staged;
    status = answered;
    const { of } = await doctor(environment);
    assert.match(shown(of("resource.metadata")), says);
  }
});

test("a BASE_URL that is not the address by which the provider and the MCP servers know this server is told first, and what follows from it waits for that", async (t) => {
  const { server, environment } = await aServer(t);
  const right = server.issuer;
  let document: Record<string, unknown> = {};
  const mcp = createServer((request, response) =>
    request.url?.startsWith("/.well-known/")
      ? response.end(JSON.stringify(document))
      : response.writeHead(401).end(),
  );
  await new Promise<void>((resolve) => mcp.listen(0, "127.0.0.1", resolve));
  t.after(() => closeServer(mcp));
  const address = mcp.address();
  const identifier = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/mcp`;
  await server.addResource(canonicalResource(identifier));
  document = { resource: identifier, authorization_servers: [right] };
  const well = await doctor(environment);
  assert.equal(
    shown(well.of("config.url")),
    `ok | No other address than \`${right}\` is agreed on by MCP servers and providers.`,
  );
  assert.equal(well.code, 0);

  const wrong = "http://127.0.0.1:9"; // the provider takes any port of localhost
  const { code, of, findings } = await doctor({ ...environment, BASE_URL: wrong });
  assert.equal(code, 1);
  const told = of("config.url");
  assert.match(
    shown(told),
    new RegExp(
      `^fail \\| \`BASE_URL\` is the odd one out: it is \`${wrong}\`, and [^\`]+ and \`${identifier}\` know this server as \`${right}\`\\. \\| Set \`BASE_URL=${right}\`, and restart`,
    ),
  );
  assert.equal(findings.find(({ result }) => result === "fail")?.id, "config.url");
  for (const id of ["public.reach", "provider.redirect", "resource.metadata"]) {
    assert.equal(of(id).result, "fail");
    assert.equal(of(id).mend, "First `config.url`, above; after that, look again.", id);
  }

  // A provider that knows neither: this server answers there, and that is where its people are.
  const place = new URL(identifier).origin;
  document = { resource: identifier, authorization_servers: [place], issuer: wrong };
  const behind = await doctor({ ...environment, BASE_URL: wrong });
  assert.ok(
    behind
      .of("config.url")
      .finding.endsWith(
        `\`${identifier}\` knows this server as \`${place}\`, and this server answers there.`,
      ),
    shown(behind.of("config.url")),
  );

  // The MCP server alone is no majority where the provider knows our address.
  document = { resource: identifier, authorization_servers: ["http://localhost:10"] };
  const alone = await doctor(environment);
  assert.equal(alone.of("config.url").result, "ok");
  assert.match(shown(alone.of("resource.metadata")), /^fail .* \| Put `.*` into `authorization_servers`/);
});

test("an MCP server whose apps get new tokens right after the first, or again and again, is named as one that seems to refuse them, until it does no more", async (t) => {
  const { server, environment } = await aServer(t);
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const written = async (name: string) =>
    (await server.store.findAudit({ name }, { order: "newest", limit: 100 })).records.length;
  /** With so many grants and first refreshes. */
  const told = async (grants: number, refreshes: number) => {
    while ((await written("code_redeemed")) < grants || (await written("token_refreshed")) < refreshes)
      await new Promise((resolve) => setTimeout(resolve, 20));
    return (await doctor(environment)).of("resource.tokens");
  };
  assert.match(shown(await told(0, 0)), /^skipped \| No app was given tokens/);
  const kept = await tokensFor(server, client);
  server.clock.advance(20);
  let token = (await refreshed(server, client, kept.refresh_token)).refresh_token;
  assert.equal(shown(await told(1, 1)), "ok | No app needs new tokens before the old ones end.");
  const refused = await tokensFor(server, client);
  await refreshed(server, client, refused.refresh_token);
  assert.equal(
    shown(await told(2, 2)),
    `warn | 1 of the last 2 grants for Notes was refreshed within 1 s of the first tokens, just now last: the server seems to refuse the tokens that its apps are given here. | See its own log. Often its own resource identifier differs, to the letter, from \`${resource}\`, as by a slash at the end.`,
  );
  for (let at = 0; at < 3; at++) await tokensFor(server, client);
  assert.equal((await told(5, 2)).result, "ok", "it was mended");
  for (let at = 0; at < 20; at++) token = (await refreshed(server, client, token)).refresh_token;
  assert.match(
    shown(await told(5, 2)),
    /^warn \| A grant for .* was refreshed 21 times in \d+ min: the server/,
  );
});

test("apps that come with registrations of an earlier database are told, with its age", async (t) => {
  const { server, environment } = await aServer(t);
  const client = await aPublicClient(server);
  const before = await doctor(environment);
  assert.equal(
    shown(before.of("client.registrations")),
    "ok | No app came in the last day with a registration that is not known.",
  );
  const comes = (id: string) => fetch(authorizationUrl(server, { ...client, id }), { redirect: "manual" });
  const written = async (count: number) => {
    const page = { order: "newest", limit: 100 } as const;
    while ((await server.store.findAudit({ name: "request_refused" }, page)).records.length < count)
      await new Promise((resolve) => setTimeout(resolve, 20));
  };
  const one = `dyn_${"a".repeat(22)}`;
  for (const id of [one, one, `dyn_${"b".repeat(22)}`, "made-up-by-a-stranger"]) await comes(id);
  await written(4);
  const { of } = await doctor(environment);
  assert.match(
    shown(of("client.registrations")),
    /^warn \| The database is 1 min old, and 2 apps came in the last day with registrations of an earlier one\. \| If the earlier one is still there: `SQL_URL`, or `gatehouse restore` its backup\. Else everybody has to remove the MCP servers in their app and add them again/,
  );
});

test("metrics that do not answer are told, and whether events get through", async (t) => {
  const { environment } = await aServer(t);
  const { of } = await doctor(environment);
  assert.equal(shown(of("telemetry")), "ok | Metrics are off; no event is held up.");
  const elsewhere = await doctor({ ...environment, METRICS_LISTEN: "127.0.0.1:9" });
  assert.match(
    shown(elsewhere.of("telemetry")),
    /^warn \| Metrics do not answer at http:\/\/127\.0\.0\.1:9\/metrics/,
  );
});

test("a provider whose tokens have another time than its answers, or whose key was replaced under its name, is told at the check that is about it", async (t) => {
  const database = embedded();
  const { server, provider, stop } = await startWithOwnProvider({ SQL_URL: database.url });
  t.after(async () => {
    await stop();
    database.remove();
  });
  const environment = { ...server.environment };
  await server.addResource(resource);
  const client = await aPublicClient(server);
  const signIn = () => new UserAgent().follow(authorizationUrl(server, client));
  const written = async (name: string, reason: string) => {
    for (;;) {
      const { records } = await server.store.findAudit({ name }, { order: "newest", limit: 1 });
      if (records[0]?.reason === reason) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  await signIn();
  const well = await doctor(environment);
  assert.match(shown(well.of("provider.keys")), /^ok \| 1 key of .*, as known\.$/);
  assert.equal(well.of("clock.provider").result, "ok");

  await provider.restart({ otherKey: true });
  const replaced = await doctor(environment);
  assert.match(
    shown(replaced.of("provider.keys")),
    /^warn \| Key `upstream` of .* was replaced under the same name\. \| Nothing: the server fetches it again/,
  );
  await signIn();
  assert.equal((await doctor(environment)).of("provider.keys").result, "ok");

  provider.now.skew = 600;
  await signIn();
  await written("sign_in_failed", "clock");
  const ahead = await doctor(environment);
  assert.match(
    shown(ahead.of("clock.provider")),
    /^fail \| The clock of .* is (?:599|600|601) s ahead of ours: one of the two is wrong\./,
  );
  provider.now.skew = 0; // of its answers; that of its tokens is told by the sign-in
  const tokens = await doctor(environment);
  assert.match(
    shown(tokens.of("clock.provider")),
    /^fail \| The last sign-in failed for the time in the provider's token: iat is /,
  );

  await provider.restart({ otherKey: true });
  await signIn();
  await written("sign_in_failed", "signature");
  const signed = await doctor(environment);
  assert.match(
    shown(signed.of("provider.keys")),
    /^fail \| .* signs with another key than it publishes: the last sign-in failed for that, just now\. \| If the next sign-in fails too, its operator must publish the key it signs with\. The server has that within 30 s, without a restart\.$/,
  );
});
