import assert from "node:assert/strict";
import { test } from "node:test";
import { protectFetch } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { aliceMay, metadataUrl, resource, StandingClock } from "./support/notes-server.ts";

test("a handler of web-standard requests is guarded the same way", async (t) => {
  const { issuer, credential, tokens, close } = await AuthorizationServer.start();
  t.after(close);
  tokens.set("alice", aliceMay(""));
  const clock = new StandingClock();
  const handle = protectFetch(
    { issuer, resource, credential, clock: () => clock.now },
    async (request, auth) => {
      return new Response(`${auth.extra.username}: ${await request.text()}`);
    },
  );
  const call = (init: RequestInit, url = resource) => handle(new Request(url, { method: "POST", ...init }));
  const withToken = { Authorization: "Bearer alice" };

  const anonymous = await call({});
  assert.equal(anonymous.status, 401);
  assert.equal(challengeOf(anonymous).resource_metadata, metadataUrl);

  const known = await call({ headers: withToken, body: "hello" });
  assert.equal(await known.text(), "alice@example.com: hello");
  assert.equal(known.headers.get("access-control-allow-origin"), "*");

  const form = await call({ headers: withToken, body: new URLSearchParams({ note: "milk" }) });
  assert.equal(await form.text(), "alice@example.com: note=milk");
  const twoTokens = await call({ headers: withToken, body: new URLSearchParams({ access_token: "alice" }) });
  assert.equal(twoTokens.status, 400);
  const tooLong = await call({ headers: withToken, body: new URLSearchParams({ note: "x".repeat(70_000) }) });
  assert.equal(tooLong.status, 413);
  const joined = new Headers([
    ["Authorization", "Bearer alice"],
    ["Authorization", "Bearer alice"],
  ]);
  assert.equal((await call({ headers: joined })).status, 400);

  assert.equal((await handle(new Request(metadataUrl))).status, 200);
  assert.equal((await handle(new Request(resource, { method: "OPTIONS" }))).status, 204);
});
