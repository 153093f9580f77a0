import assert from "node:assert/strict";
import { request } from "node:http";
import { networkInterfaces } from "node:os";
import { after, before, test } from "node:test";
import { readConfig } from "../../src/config/config.ts";
import { startGatehouse } from "../../src/gatehouse.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, introspect, redeem } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  const withoutProvider = { OAUTH2_CLIENT_ID: "", OAUTH2_CLIENT_SECRET: "", TRUSTED_PROXIES: "loopback" };
  server = await startTestGatehouse(withoutProvider, "dev");
});
after(() => server?.stop());

const atClient = (url: URL) => url.port === "33418";

test("without an identity provider a developer types an address and is that person", async () => {
  const client = await aPublicClient(server);
  const agent = new UserAgent();
  const signIn = await agent.follow(authorizationUrl(server, client));
  assert.match(signIn.html, /development/i);
  assert.match(signIn.html, /name="email"/);

  const refused = await agent.submit(signIn, { email: "not an address" });
  assert.equal(refused.response.status, 400);
  assert.match(refused.html, /role="alert"/);

  const consent = await agent.submit(refused, { email: "dev@example.com" });
  assert.match(consent.html, /dev@example\.com/);
  const end = await agent.submit(consent, { decision: "approve" }, atClient);
  const answer = await redeem(server, client, end.url.searchParams.get("code") ?? "");
  assert.equal((await introspect(server, String(answer.body.access_token))).username, "dev@example.com");
});

/**
 * Where the developer's browser stands before the address is typed: the page's URL, and the form it would
 * send.
 */
async function anOpenSignIn() {
  const client = await aPublicClient(server);
  const { url } = await new UserAgent().follow(authorizationUrl(server, client));
  const form = new URLSearchParams({ state: url.searchParams.get("state") ?? "", email: "boss@example.com" });
  return { path: url.pathname + url.search, form: form.toString() };
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

/** Sends exactly these headers, from this address of ours, over a connection of its own. */
function send(
  method: "GET" | "POST",
  path: string,
  headers: Readonly<Record<string, string>>,
  { body = "", from = "127.0.0.1" } = {},
): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  const content = { "content-type": "application/x-www-form-urlencoded", "content-length": body.length };
  return new Promise((resolve, reject) => {
    request(
      {
        ...{ hostname, port, method, path, localAddress: from, family: 4, agent: false },
        headers: method === "POST" ? { ...content, ...headers } : headers,
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        const { statusCode: status = 0, headers: answered } = response;
        response.on("end", () => resolve({ status, location: answered.location, text }));
      },
    )
      .on("error", reject)
      .end(body);
  });
}

const forwarded: Record<string, string>[] = [
  { forwarded: "for=203.0.113.7" },
  { "x-forwarded-for": "127.0.0.1" },
  { "x-forwarded-proto": "https" },
  { "x-forwarded-host": "localhost" },
  { "x-real-ip": "127.0.0.1" },
  { via: "1.1 proxy" },
  { "cf-connecting-ip": "203.0.113.7" },
  { "x-original-host": "login.example.com" },
];

for (const headers of [...forwarded, { host: "login.example.com" }, { host: "localhost.evil.test:8080" }]) {
  test(`nobody is signed in by a request with ${JSON.stringify(headers)}, although the peer is loopback`, async () => {
    const { path, form } = await anOpenSignIn();
    const page = await send("GET", path, headers);
    assert.equal(page.status, 403);
    assert.match(page.text, /the request (?:came through a proxy|is for another host)/, "and it says why");
    assert.doesNotMatch(page.text, /name="email"/);
    const answer = await send("POST", "/development-sign-in", headers, { body: form });
    assert.equal(answer.status, 403);
    assert.equal(answer.location, undefined, "no code");
    // The same without the header: it was the only reason.
    assert.equal((await send("POST", "/development-sign-in", {}, { body: form })).status, 303);
  });
}

test("every loopback address and name is this computer", async () => {
  const { path } = await anOpenSignIn();
  const { port } = new URL(server.url);
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `app.localhost:${port}`]) {
    assert.equal((await send("GET", path, { host })).status, 200, host);
  }
  if (process.platform === "linux") {
    assert.equal((await send("GET", path, {}, { from: "127.0.0.2" })).status, 200);
  }
});

/** An address of this computer that others may know it by. */
const networkAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test("a peer whose address is not a loopback one is refused, form and page", {
  skip: networkAddress === undefined && "this computer is in no network",
}, async () => {
  const { path, form } = await anOpenSignIn();
  const from = networkAddress ?? assert.fail();
  const page = await send("GET", path, {}, { from });
  assert.equal(page.status, 403);
  assert.match(page.text, /from another computer/);
  assert.equal((await send("POST", "/development-sign-in", {}, { body: form, from })).status, 403);
});

test("the development sign-in never stays on a listener that others reach, whatever the configuration says", async () => {
  const environment = { SQL_URL: "sqlite::memory:", PORT: "0", BASE_URL: "http://localhost:1" };
  const config = readConfig({ ...environment, LOG_LEVEL: "silent" }, "dev");
  const everywhere = { ...config, listen: { host: "0.0.0.0", port: 0 } };
  const log = createLog({ ...config.log, tokenPrefixes: [] });
  await assert.rejects(startGatehouse(everywhere, log), /development sign-in .* 0\.0\.0\.0.* HOST/);
});
