import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, authorizationUrl, pkce, post, resource } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addResource(resource);
});
after(() => server?.stop());

const inGerman = { "accept-language": "de-AT, en;q=0.8", accept: "text/html" };
const unknown = () =>
  authorizationUrl(server, { id: "gone", redirectUri: "http://localhost:3118/callback", ...pkce() });

async function read(url: string, headers: Record<string, string>) {
  const response = await fetch(url, { headers });
  const html = await response.text();
  return {
    html,
    heading: /<h1>([^<]*)/.exec(html)?.[1],
    language: response.headers.get("content-language"),
    lang: /<html lang="([^"]*)">/.exec(html)?.[1],
    vary: response.headers.get("vary"),
  };
}

test("D24 pages are in the language the browser asks for, English where it asks for another", async () => {
  for (const [url, english, german] of [
    [
      `${server.url}/`,
      "This server signs you in to MCP servers",
      "Dieser Server meldet Sie bei MCP-Servern an",
    ],
    [`${server.url}/nowhere`, "There is nothing here", "Hier gibt es nichts"],
    [`${server.url}/authorize?state=%zz`, "This link is damaged", "Dieser Link ist beschädigt"],
    [`${server.url}/consent`, "This page is no longer valid", "Diese Seite gilt nicht mehr"],
    [unknown(), "This server does not know the app", "Dieser Server kennt die App nicht"],
  ] as const) {
    for (const [headers, heading, language] of [
      [inGerman, german, "de"],
      [{ accept: "text/html" }, english, "en"],
      [{ ...inGerman, "accept-language": "fr, it;q=0.5" }, english, "en"],
    ] as const) {
      const page = await read(url, headers);
      assert.equal(page.heading, heading, url);
      assert.deepEqual([page.language, page.lang, page.vary], [language, language, "Accept-Language"], url);
    }
  }
});

test("the consent page asks in German, and the MCP server's own words stay as they are", async () => {
  const agent = new UserAgent();
  const client = await aPublicClient(server);
  const { url } = await agent.follow(authorizationUrl(server, client));
  const page = await agent.request(url.href, { headers: inGerman });
  const html = await page.text();
  assert.equal(page.headers.get("content-language"), "de");
  for (const words of [
    "in Ihrem Namen nutzen",
    "Jedes Programm auf diesem Computer kann sich",
    ">Erlauben</button>",
    ">Ablehnen</button>",
    "Anderes Konto verwenden",
  ]) {
    assert.ok(html.includes(words), `${words}: ${html}`);
  }
  assert.doesNotMatch(html, />(?:Approve|Deny|Access goes)/);
});

test("who may not sign in with an account reads why, in their language", async (t) => {
  const known = server.upstream.account;
  t.after(() => {
    server.upstream.account = known;
  });
  server.upstream.account = { sub: "eve", email: "eve@example.com", email_verified: false };
  const client = await aPublicClient(server, { redirect_uris: ["https://stranger.example/cb"] });
  for (const [headers, heading, why] of [
    [{}, "The e-mail address of this account is not verified", "has not confirmed eve@example.com"],
    [inGerman, "Die E-Mail-Adresse dieses Kontos ist nicht bestätigt", "Ihr Anmeldedienst hat"],
  ] as const) {
    const agent = new UserAgent();
    const { url } = await agent.follow(authorizationUrl(server, client), (at) => at.pathname === "/callback");
    const response = await agent.request(url.href, { headers });
    const html = await response.text();
    assert.equal(response.status, 403);
    assert.equal(/<h1>([^<]*)/.exec(html)?.[1], heading);
    const explanation = /<\/h1>\n<p>([^<]*)/.exec(html)?.[1] ?? "";
    assert.ok(explanation.includes(why), explanation);
  }
});

test("what the client is told, and its developer, is English whatever the browser speaks", async () => {
  const { html } = await read(unknown(), inGerman);
  assert.ok(html.includes("invalid_client: unknown client_id"), html);
  const answer = await post(server, "/token", { grant_type: "password" }, { "accept-language": "de" });
  assert.equal(answer.headers.get("content-language"), null);
  assert.match(String(answer.body.error_description), /^[a-z_ ]+/);
});
