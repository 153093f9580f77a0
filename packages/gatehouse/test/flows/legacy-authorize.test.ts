import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { pkce, post } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

let server: TestGatehouse;
before(async () => {
  server = await startTestGatehouse();
  await server.addClient({
    id: "web",
    secret: "web-secret",
    redirectUris: ["https://app.example.com/auth/*"],
  });
});
after(() => server?.stop());

const request = {
  client_id: "web",
  state: "their-state",
  redirect_uri: "https://app.example.com/auth/callback?next=%2F",
};
const ask = (parameters: Record<string, string | undefined> = {}, agent = new UserAgent(), path = "/") => {
  const url = new URL(path, server.url);
  for (const [name, value] of Object.entries({ ...request, ...parameters }))
    if (value !== undefined) url.searchParams.set(name, value);
  return agent.request(url.href);
};

test("B26 LEGACY the old web client's request goes straight to the provider, its errors are 400 on the spot", async () => {
  for (const path of ["/", "/authorize"]) {
    const response = await ask({}, undefined, path);
    assert.equal(response.status, 302);
    const location = new URL(response.headers.get("location") ?? "");
    assert.equal(location.origin, new URL(server.upstream.issuer).origin);
    const { searchParams } = location;
    assert.equal(searchParams.get("response_type"), "code");
    assert.equal(searchParams.get("client_id"), server.upstream.clientId);
    assert.equal(searchParams.get("redirect_uri"), `${server.issuer}/callback`);
    assert.equal(searchParams.get("access_type"), "online");
    assert.equal(searchParams.get("prompt"), "select_account");
    assert.equal(searchParams.get("scope"), "openid email");
    for (const fresh of ["state", "nonce", "code_challenge"]) assert.ok(searchParams.get(fresh), fresh);
  }
  const problems: Record<string, string | undefined>[] = [
    { client_id: undefined },
    { client_id: "nobody" },
    { redirect_uri: undefined },
    { redirect_uri: "https://evil.example/auth/callback" },
    { redirect_uri: "https://app.example.com/elsewhere" },
    { redirect_uri: "https://app.example.com.evil.example/auth/x" },
    { redirect_uri: "/auth/callback" },
    { response_type: "token" },
    { code_challenge: "short" },
    { code_challenge: pkce().challenge, code_challenge_method: "plain" },
    { resource: "not a uri" },
  ];
  for (const problem of problems) {
    const response = await ask(problem);
    assert.equal(response.status, 400, JSON.stringify(problem));
    assert.equal(response.headers.get("location"), null);
  }
});

test("LEGACY the state is required", async () => {
  assert.equal((await ask({ state: undefined })).status, 400);
});

test("LEGACY a pattern's * admits any path below it, and any host below a domain, but nothing beyond", async () => {
  await server.addClient({ id: "many", secret: "s", redirectUris: ["https://*.example.org/cb"] });
  const goesTo = async (redirect_uri: string) => {
    const { status, headers } = await ask({ client_id: "many", redirect_uri });
    return headers.get("location") === null ? status : "the provider";
  };
  assert.equal(await goesTo("https://team.example.org/cb"), "the provider");
  for (const uri of [
    "https://evil.test/x.example.org/cb",
    "https://evil.test?.example.org/cb",
    "https://evil.test#.example.org/cb",
    "https://evil.test@team.example.org/cb",
    "https://team.example.org/cb/more",
    "https://teamXexampleXorg/cb",
    "http://team.example.org/cb",
  ]) {
    assert.equal(await goesTo(uri), 400, uri);
  }
  const deep = await ask({ redirect_uri: "https://app.example.com/auth/a/b?c=d" });
  assert.equal(deep.status, 302);
});

test("LEGACY a challenge without a method means S256", async () => {
  const { challenge, verifier } = pkce();
  const agent = new UserAgent();
  const url = new URL(server.url);
  url.search = new URLSearchParams({ ...request, code_challenge: challenge }).toString();
  const end = await agent.follow(url.href, (at) => at.host === "app.example.com");
  const code = end.url.searchParams.get("code") ?? "";
  const answer = await post(server, "/token", {
    client_id: "web",
    client_secret: "web-secret",
    code,
    code_verifier: verifier,
  });
  assert.equal(answer.status, 200);
});

test("LEGACY a sign-in of the web client may take an hour, and no longer", async () => {
  for (const [minutes, isIn] of [
    [59, true],
    [60, false],
  ] as const) {
    const agent = new UserAgent();
    const first = await ask({}, agent);
    server.clock.advance(minutes * 60);
    const back = await agent.follow(first.headers.get("location") ?? "", (at) => at.pathname === "/callback");
    const { status, headers } = await agent.request(back.url.href);
    const home = headers.get("location")?.startsWith("https://app.example.com/");
    assert.deepEqual([status, home ?? false], isIn ? [302, true] : [400, false], `after ${minutes} minutes`);
  }
});

test("LEGACY after the sign-in the browser is back at the client, its query kept, with code, state and iss", async () => {
  const url = new URL(server.url);
  url.search = new URLSearchParams(request).toString();
  const end = await new UserAgent().follow(url.href, (at) => at.host === "app.example.com");
  assert.ok(end.url.href.startsWith("https://app.example.com/auth/callback?next=%2F&code="));
  assert.deepEqual([...end.url.searchParams.keys()], ["next", "code", "state", "iss"]);
  assert.equal(end.url.searchParams.get("state"), "their-state");
});

test("LEGACY the account chooser of the provider is shown every time, session or not", async () => {
  const agent = new UserAgent();
  const url = new URL(server.url);
  url.search = new URLSearchParams(request).toString();
  await agent.follow(url.href, (at) => at.host === "app.example.com");
  const again = await ask({}, agent);
  assert.equal(new URL(again.headers.get("location") ?? "").origin, new URL(server.upstream.issuer).origin);
});

test("LEGACY a cancelled sign-in is told to the client, not to the operator's home page", async (t) => {
  t.after(() => {
    server.upstream.decision = "continue";
  });
  server.upstream.decision = "cancel";
  const url = new URL(server.url);
  url.search = new URLSearchParams(request).toString();
  const end = await new UserAgent().follow(url.href, (at) => at.host === "app.example.com");
  assert.equal(end.url.searchParams.get("error"), "access_denied");
  assert.equal(end.url.searchParams.get("state"), "their-state");
});
