import assert from "node:assert/strict";
import { test } from "node:test";
import { startForgedUpstream } from "../support/forged-upstream.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, resource } from "../support/oauth-client.ts";
import { startWithTwoProviders } from "../support/two-providers.ts";
import { UserAgent } from "../support/user-agent.ts";

const atClient = ({ port }: URL) => port === "33418";
const sentence = /cannot be reached[\s\S]*Nothing is wrong with your account/;

function failuresIn({ log }: TestGatehouse): string[] {
  return log
    .filter((line) => line.includes('"sign_in_failed"'))
    .map((line) => String(JSON.parse(line).detail));
}

test("V51 a wrong clock is named with the other and the seconds between; an outage is told to person and client, and leaves other providers usable", async (t) => {
  await t.test("the clocks", async (t) => {
    const upstream = await startForgedUpstream();
    t.after(() => upstream.close());
    const server = await startTestGatehouse({
      UPSTREAM_ISSUER: upstream.issuer,
      OAUTH2_CLIENT_ID: upstream.clientId,
      OAUTH2_CLIENT_SECRET: upstream.clientSecret,
    });
    t.after(() => server.stop());
    await server.addResource(resource);
    const client = await aPublicClient(server);
    const now = Math.floor(Date.now() / 1000);
    for (const [claims, said] of [
      [{ iat: now + 300 }, /iat is \S+Z, (\d+) s after this server's clock, \S+Z/],
      [{ nbf: now + 300 }, /nbf is \S+Z, (\d+) s after this server's clock/],
      [{ iat: now - 600, exp: now - 300 }, /exp is \S+Z, (\d+) s before this server's clock/],
    ] as const) {
      const agent = new UserAgent();
      const { url } = await agent.follow(
        authorizationUrl(server, client),
        ({ origin }) => origin === new URL(upstream.issuer).origin,
      );
      upstream.nonce = url.searchParams.get("nonce") ?? "";
      upstream.forgery = { claims };
      const state = url.searchParams.get("state") ?? "";
      const end = await agent.followBack(`${server.url}/callback?code=x&state=${state}`, atClient);
      assert.equal(end.url.searchParams.get("error"), "server_error");
      const told = failuresIn(server).at(-1) ?? "";
      assert.ok(Math.abs(Number(said.exec(told)?.[1]) - 300) < 30, told);
      assert.match(told, /Its clock and ours differ/);
    }
  });

  await t.test("the only provider is down", async (t) => {
    const server = await startTestGatehouse();
    t.after(() => server.stop());
    await server.addResource(resource);
    const client = await aPublicClient(server);
    const agent = new UserAgent();
    const { url: callback } = await agent.follow(
      authorizationUrl(server, client),
      (url) => url.pathname === "/callback",
    );
    await server.upstream.close();
    const late = await agent.followBack(callback.href, atClient);

    // And one that has never been reached.
    const other = await startTestGatehouse({ UPSTREAM_ISSUER: server.upstream.issuer });
    t.after(() => other.stop());
    await other.addResource(resource);
    const known = await aPublicClient(other);
    const early = await new UserAgent().followBack(authorizationUrl(other, known), atClient);
    for (const { url } of [late, early]) {
      assert.equal(url.searchParams.get("error"), "temporarily_unavailable");
      assert.match(url.searchParams.get("error_description") ?? "", /cannot be reached right now/);
    }
    const stranger = await aPublicClient(other, { redirect_uris: ["https://stranger.example/cb"] });
    const page = await new UserAgent().follow(authorizationUrl(other, stranger));
    assert.equal(page.response.status, 503);
    assert.match(page.html, sentence);
    assert.match(page.html, /href="https:\/\/stranger\.example\/cb\?error=temporarily_unavailable/);
    const german = await fetch(authorizationUrl(other, stranger), { headers: { "accept-language": "de" } });
    assert.match(await german.text(), /Mit Ihrem Konto ist alles in Ordnung/);
  });

  await t.test("one of two is down", async (t) => {
    const server = await startWithTwoProviders();
    t.after(() => server.stop());
    await server.addResource(resource);
    const client = await aPublicClient(server);
    server.home.account = { sub: "1", email: "ada@home.example", email_verified: true };
    await server.work.close();
    const agent = new UserAgent();
    const chooser = await agent.follow(authorizationUrl(server, client));
    const down = await agent.submit(chooser, { provider: "work" });
    assert.equal(down.response.status, 503);
    assert.match(
      down.html,
      /<bdi>Work account<\/bdi> cannot be reached right now\. Nothing is wrong with your account/,
    );
    assert.equal(server.log.filter((line) => line.includes('"event":"sign_in_failed"')).length, 1);
    const consent = await agent.submit(down, { provider: "home" });
    assert.match(consent.html, /name="decision" value="approve"/);
  });
});
