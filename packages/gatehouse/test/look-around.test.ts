import assert from "node:assert/strict";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { createOpenIdProvider } from "../src/identity/openid/provider.ts";
import { describeDiscoveryFailure } from "../src/identity/openid/provider-advice.ts";
import { lookAround } from "../src/look-around.ts";
import { StoreUnavailableError } from "../src/oauth/store.ts";
import { seconds } from "../src/oauth/values.ts";
import { openSqliteStore } from "../src/storage/sqlite/store.ts";
import { aDatabase, startCommand, untilPrinted } from "./commands/command-line.ts";
import { startForgedUpstream } from "./support/forged-upstream.ts";
import { freePort } from "./support/free-port.ts";
import { startTestGatehouse } from "./support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource } from "./support/oauth-client.ts";
import { selfSigned } from "./support/self-signed.ts";

const credentials = {
  name: "default",
  title: "Test",
  clientId: "gatehouse",
  clientSecret: "secret",
  callbackUrl: "http://localhost/callback",
};

const aboutProvider = (issuer: string) => ({ issuer, setting: "UPSTREAM_ISSUER", name: undefined });

/** What the operator reads of a provider with this issuer. */
async function warningOf(issuer: string): Promise<string> {
  const provider = createOpenIdProvider({ issuer, ...credentials });
  try {
    await provider.discover();
  } catch (error) {
    return describeDiscoveryFailure(aboutProvider(issuer), error);
  }
  throw new Error(`${issuer} can be used`);
}

test("Y35 the start waits for no provider, warns at once with what to check, tells it in readyz, and says once that it works", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = await freePort();
  const child = startCommand(["serve"], {
    ...database.environment,
    OAUTH2_CLIENT_ID: "gatehouse",
    OAUTH2_CLIENT_SECRET: "secret",
    UPSTREAM_ISSUER: `http://127.0.0.1:${port}`,
    BASE_URL: "http://localhost:1",
    PORT: "0",
  });
  t.after(() => child.kill("SIGKILL"));
  const printed = await untilPrinted(
    child,
    /^(?=.*"listening")(?=.*resources add).*nobody can sign in[^\n]*\n/s,
  );
  const lines = printed
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const start = lines.find(({ msg }) => msg === "listening");
  assert.equal(start.redirectUri, "http://localhost:1/callback, which the provider has to know");
  const clients = lines.find(({ resources }) => resources !== undefined);
  assert.match(clients.msg, /^no MCP server is behind this yet.*gatehouse resources add/);
  const warning = lines.find(({ msg }) => msg?.startsWith("nobody can sign in"));
  assert.equal(warning.level, "warn");
  assert.ok(warning.msg.includes(`http://127.0.0.1:${port}/.well-known/openid-configuration`), warning.msg);
  assert.match(warning.msg, /ECONNREFUSED.*What to check: nothing listens there/);
  const ready = await fetch(`${start.address}/readyz`);
  assert.equal(ready.status, 200, "no other instance could do better");
  const warnings = ["the identity provider cannot be used: nobody can sign in"];
  const { checks, ...rest } = (await ready.json()) as { checks: Record<string, string> };
  assert.deepEqual(rest, { status: "ready", warnings });
  assert.deepEqual([checks.provider, checks.database], ["warning", "ok"]);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);

  const upstream = await startForgedUpstream();
  t.after(() => upstream.close());
  upstream.metadata = { issuer: `${upstream.issuer}/` };
  let time = 1_800_000_000;
  const clock = { now: () => seconds(time) };
  const provider = createOpenIdProvider({ ...upstream, ...credentials, clock });
  const attempt = { state: "s", nonce: "n", codeVerifier: "v".repeat(43), prompt: "login" } as const;
  const other = createOpenIdProvider({ ...upstream, ...credentials, clock });
  await assert.rejects(other.discover());
  upstream.metadata = {};
  assert.ok(await other.signInUrl(attempt), "a look that failed keeps nobody from signing in a moment later");
  upstream.metadata = { issuer: `${upstream.issuer}/` };
  const before = upstream.count("GET /.well-known/openid-configuration");
  const store = await openSqliteStore({ path: ":memory:" });
  t.after(() => store.close());
  const told: string[] = [];
  const works = Promise.withResolvers<void>();
  let pauses = 0;
  const looking = lookAround({
    store,
    providers: [
      {
        discover: provider.discover,
        onOutcome: (problem) => {
          const about = aboutProvider(upstream.issuer);
          told.push(problem === undefined ? "works" : describeDiscoveryFailure(about, problem));
          if (problem === undefined) works.resolve();
        },
      },
    ],
    onResources: () => undefined,
    sleep: async (milliseconds) => {
      time += milliseconds / 1000;
      if (++pauses === 3) upstream.metadata = {};
    },
  });
  t.after(() => looking.stop());
  await works.promise;
  assert.equal(upstream.count("GET /.well-known/openid-configuration") - before, 4);
  assert.equal(told.length, 2, "one warning, however often it is tried");
  assert.match(told[0] ?? "", /a slash at the end counts: set UPSTREAM_ISSUER=http:.*\/$/);
  assert.equal(told[1], "works");
});

test("what to check is said by what is wrong: another issuer, no OpenID provider, a name nobody knows, no answer", async (t) => {
  const upstream = await startForgedUpstream();
  t.after(() => upstream.close());
  upstream.metadata = { issuer: "https://accounts.example.com" };
  assert.match(
    await warningOf(upstream.issuer),
    /set UPSTREAM_ISSUER=https:\/\/accounts\.example\.com, to the letter$/,
  );
  upstream.metadata = { issuer: "https://login.microsoftonline.com/{tenantid}/v2.0" };
  assert.match(
    await warningOf(upstream.issuer),
    /claim anybody's address: .* preset: microsoft and the tenant/,
  );
  upstream.metadata = { issuer: ["https://accounts.example.com", "x".repeat(10_000)] };
  assert.ok((await warningOf(upstream.issuer)).length < 1000);
  const path = "/.well-known/openid-configuration";
  upstream.answers.set(path, (_, response) => response.writeHead(404).end());
  assert.match(
    await warningOf(upstream.issuer),
    /answers 404\. What to check: whether .* is the issuer of an OpenID provider: its document is at .*openid-configuration$/,
  );
  upstream.answers.set(path, (request) => request.destroy());
  assert.match(await warningOf(upstream.issuer), /What to check: whether the provider runs$/);
  assert.match(
    await warningOf("https://no-such-host.invalid"),
    /(ENOTFOUND|EAI_AGAIN).*What to check: .*name server/,
  );
});

test("clients are told where to point once the database can be asked, and the log says so once", async () => {
  let asked = 0;
  const found = Promise.withResolvers<readonly { readonly identifier: string }[]>();
  const identifier = resource as never;
  const looking = lookAround({
    store: {
      listResources: async () => {
        if (++asked < 3) throw new StoreUnavailableError("not yet");
        return [{ identifier, name: "Notes", scopes: [], createdAt: seconds(0) }];
      },
    },
    providers: [],
    onResources: found.resolve,
    sleep: async () => undefined,
  });
  assert.equal((await found.promise)[0]?.identifier, resource);
  looking.stop();

  const { path, environment, remove } = await aDatabase();
  const first = await startTestGatehouse(environment);
  await first.addResource(resource);
  await first.addResource("https://wiki.example.com/mcp");
  await first.stop();
  const second = await startTestGatehouse(environment);
  const isTold = () => second.log.some((line) => line.includes("point MCP clients at"));
  while (!isTold()) await new Promise(setImmediate);
  const line = second.log.find((each) => each.includes("point MCP clients at")) ?? "";
  assert.match(
    line,
    /at https:\/\/\S+ \(and 1 more: gatehouse resources list\); that server sends them here, to http:/,
  );
  await second.stop();
  assert.ok(path);
  await remove();
});

test("a provider whose certificate is of the company's own authority is refused, with whose it is and what helps, and taken with CA_FILE", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  let asked = 0;
  const server = createTlsServer({ ...selfSigned }, (_, response) => {
    asked++;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/auth`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ["code"],
      }),
    );
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const environment = {
    ...database.environment,
    OAUTH2_CLIENT_ID: "gatehouse",
    OAUTH2_CLIENT_SECRET: "secret",
    UPSTREAM_ISSUER: issuer,
    BASE_URL: "http://localhost:1",
    PORT: "0",
  };
  const stranger = startCommand(["serve"], environment);
  t.after(() => stranger.kill("SIGKILL"));
  const refused = await untilPrinted(stranger, /nobody can sign in.*\n/);
  assert.match(refused, /SELF_SIGNED_CERT.*CA_FILE=\/path\/ca\.pem/);
  const { certificate } = JSON.parse(refused.split("\n").find((line) => line.includes("nobody can")) ?? "");
  assert.deepEqual(certificate, {
    host: new URL(issuer).host,
    subject: "CN=127.0.0.1",
    issuer: "CN=127.0.0.1",
  });
  assert.equal(asked, 0);
  stranger.kill("SIGTERM");

  const authority = join(dirname(database.path), "ca.pem");
  writeFileSync(authority, selfSigned.cert);
  const friend = startCommand(["serve"], { ...environment, CA_FILE: authority });
  t.after(() => friend.kill("SIGKILL"));
  const printed = await untilPrinted(friend, /"listening".*\n/);
  const { address: url } = JSON.parse(printed.split("\n").find((line) => line.includes('"listening"')) ?? "");
  const client = await aPublicClient({ url });
  const added = startCommand(["resources", "add", resource], environment);
  assert.deepEqual(await once(added, "exit"), [0, null]);
  const answer = await fetch(authorizationUrl({ url }, client), { redirect: "manual" });
  assert.ok(answer.headers.get("location")?.startsWith(`${issuer}/auth?`), `${answer.status}`);
  assert.equal(asked, 1, "fetched once, beside the start");
  friend.kill("SIGTERM");
  assert.deepEqual(await once(friend, "exit"), [0, null]);
});
