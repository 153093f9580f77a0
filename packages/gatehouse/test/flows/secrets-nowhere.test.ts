import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { aDatabase, runCommand } from "../commands/command-line.ts";
import { aDoor, aServerBehind } from "../gateway/support/door.ts";
import { aCollector } from "../support/collector.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  openConsentPage,
  post,
  redeem,
  refresh,
  resource,
  type Tokens,
} from "../support/oauth-client.ts";
import { aSyslogServer } from "../support/syslog-server.ts";
import { hiddenFields, UserAgent } from "../support/user-agent.ts";
import { metricsUrlOf } from "../telemetry/metrics.ts";

const collectorsKey = "the-key-that-the-collector-knows-us-by";
const clientSecret = "the-secret-of-the-web-client";
const guessed = "a-secret-that-somebody-guessed";

/** A server that tells everything it can to everybody it can, with one behind it. */
async function aTalkativeDoor(t: TestContext) {
  const behind = await aServerBehind(t);
  const [syslog, collector, database] = [await aSyslogServer(t), await aCollector(t), await aDatabase()];
  const door = await aDoor(t, behind.url, "", {
    ...database.environment,
    LOG_LEVEL: "debug",
    METRICS_LISTEN: "127.0.0.1:0",
    AUDIT_SYSLOG: `tcp://127.0.0.1:${syslog.port}`,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorsKey}`,
  });
  t.after(() => database.remove());
  const credential = await door.server.addResource(resource, { "notes:read": "Read" });
  await door.server.addClient({
    id: "web",
    secret: clientSecret,
    redirectUris: ["https://app.example.com/*"],
  });
  return { door, syslog, collector, database, credential };
}

test("Z-n4 whole flows and every kind of error leave no code, token, secret, verifier, cookie, state or nonce in log, trail, traces, sinks, metrics and doctor's report, and no e-mail address at a collector", async (t) => {
  const { door, syslog, collector, database, credential } = await aTalkativeDoor(t);
  const { server } = door;
  const client = await aPublicClient(server);
  const secrets = new Map<string, string>();
  const keep = (name: string, value: unknown) => {
    if (typeof value === "string" && value.length >= 12) secrets.set(`${name} ${secrets.size}`, value);
  };
  const keepTokens = (body: unknown) => {
    const { access_token, refresh_token } = body as Partial<Tokens>;
    keep("access token", access_token);
    keep("refresh token", refresh_token);
  };
  for (const value of [credential, server.introspectionToken, server.upstream.clientSecret])
    keep("credential", value);
  for (const value of [clientSecret, guessed, collectorsKey, client.verifier]) keep("secret", value);
  keep("secret key", "a secret key of the tests of at least 32 characters");
  const state = "the-state-of-the-client-of-this-test";
  keep("state", state);

  // Signs in, with an answer of the provider that is kept for later.
  const browser = new UserAgent();
  const parameters = { state, nonce: "the-nonce-of-the-client-of-this-test" };
  keep("nonce", parameters.nonce);
  const isUpstream = (url: URL) => url.origin === new URL(server.upstream.issuer).origin;
  const asked = await browser.follow(authorizationUrl(server, client, parameters), isUpstream);
  for (const name of ["state", "nonce"]) keep(`upstream ${name}`, asked.url.searchParams.get(name));
  const answered = await browser.follow(asked.url.href, (url) => url.pathname === "/callback");
  keep("upstream code", answered.url.searchParams.get("code"));
  const page = await browser.follow(answered.url.href);
  const { transaction = "", csrf = "" } = hiddenFields(page.html);
  for (const value of [transaction, csrf]) keep("form", value);
  const decided = await browser.submit(page, { decision: "approve" }, (url) => url.port === "33418");
  const code = decided.url.searchParams.get("code") ?? "";
  keep("code", code);
  for (const value of browser.cookiesOf(server.url).values()) keep("cookie", value);

  const redeemed = await redeem(server, client, code);
  keepTokens(redeemed.body);
  const { access_token: token, refresh_token: used } = redeemed.body as unknown as Tokens;
  const refreshed = await refresh(server, client, used);
  keepTokens(refreshed.body);
  keepTokens(await door.token());
  await introspect(server, token);

  // Everything that can go wrong.
  const web = { client_id: "web", client_secret: guessed };
  await post(server, "/token", { grant_type: "authorization_code", ...web, code });
  await post(server, "/token", {
    grant_type: "refresh_token",
    client_id: "web",
    client_secret: clientSecret,
    refresh_token: used,
  });
  await post(server, "/token", {
    grant_type: "urn:none",
    client_id: client.id,
    code,
    code_verifier: client.verifier,
  });
  await redeem(server, { ...client, verifier: `${client.verifier}x` }, code);
  await redeem(server, client, code);
  await refresh(server, client, `${used}x`);
  await post(server, "/introspect", { token }, { authorization: `Bearer ${guessed}` });
  await post(server, "/introspect", { token, client_id: "introspection", client_secret: guessed });
  await post(server, "/revoke", { token, ...web });
  await post(server, "/revoke", { token: used, client_id: client.id });
  const stray = new UserAgent();
  for (const path of [
    `/callback?state=${asked.url.searchParams.get("state")}&code=${answered.url.searchParams.get("code")}`,
    `/callback?state=${state}&error=server_error&error_description=${code}`,
    `/consent?transaction=${transaction}`,
    `/revoke?token=${token}`,
    `/authorize?client_id=nobody&state=${state}&code_challenge=x`,
    `/nowhere/${token}?code=${code}`,
    `/token?client_secret=${clientSecret}&code=${code}`,
  ]) {
    await stray.request(server.url + path, { headers: { referer: `${server.url}/?code=${code}` } });
    await browser.request(server.url + path);
  }
  await door.call();
  await door.call({ token });
  await door.call({ token: guessed, headers: { cookie: `session=${csrf}`, "x-api-key": credential } });
  const denied = await openConsentPage(server, client, new UserAgent(), { state });
  await denied.agent.submit(denied.page, { decision: "deny" }, (url) => url.port === "33418");
  for (const value of denied.agent.cookiesOf(server.url).values()) keep("cookie", value);

  const about = {
    ...database.environment,
    BASE_URL: server.issuer,
    PORT: new URL(server.issuer).port,
    SECRET_KEY: "a secret key of the tests of at least 32 characters",
    INTROSPECTION_TOKEN: server.introspectionToken,
    UPSTREAM_ISSUER: server.upstream.issuer,
    OAUTH2_CLIENT_ID: server.upstream.clientId,
    OAUTH2_CLIENT_SECRET: server.upstream.clientSecret,
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${collectorsKey}`,
  };
  const report = (await runCommand(["doctor", "--report"], about)).out;
  const metrics = await (await fetch(metricsUrlOf(server))).text();
  await server.stop(); // which writes what waits
  const printed = async (...args: string[]) => (await runCommand(args, database.environment)).out;
  const places: Readonly<Record<string, string>> = {
    log: server.log.join(""),
    metrics,
    report,
    "audit trail": await printed("audit", "export"),
    traces: await printed("trace", "--limit", "100", "--json"),
    syslog: syslog.messages.join("\n"),
    collector: collector.bodies.join("\n"),
  };
  for (const kind of ["cookie", "form", "code", "upstream code", "refresh token"]) {
    assert.ok(
      [...secrets.keys()].some((name) => name.startsWith(`${kind} `)),
      kind,
    );
  }
  assert.ok(secrets.size >= 22, `${secrets.size} secrets`);
  for (const [place, text] of Object.entries(places)) {
    assert.ok(text.length > 500, `${place} says something`);
    for (const [name, secret] of secrets) {
      for (const written of [secret, encodeURIComponent(secret)]) {
        assert.ok(
          !text.includes(written),
          `${place}: ${name}: ${text.slice(Math.max(0, text.indexOf(written) - 300), text.indexOf(written) + 100)}`,
        );
      }
    }
  }
  assert.doesNotMatch(places.collector ?? "", /[\w.]+@[\w-]+\.\w+/);
  for (const kind of ["scopeSpans", "scopeLogs"]) assert.ok(places.collector?.includes(kind), kind);
});
