import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { cors } from "hono/cors";
import { type ProtectionOptions, protect, protectFastify, protectHono } from "../src/index.ts";
import { AuthorizationServer } from "./support/authorization-server.ts";
import { challengeOf } from "./support/challenge.ts";
import { listen } from "./support/listening.ts";
import { aliceMay, metadataUrl, resource, StandingClock } from "./support/notes-server.ts";

const headers = { Authorization: "Bearer alice" };

async function optionsFor(t: TestContext): Promise<ProtectionOptions> {
  const { issuer, credential, tokens, close } = await AuthorizationServer.start();
  t.after(close);
  tokens.set("alice", aliceMay("notes:read"));
  const { now } = new StandingClock();
  return { issuer, resource, credential, clock: () => now };
}

test("Hono: what a cors() before it and the handler have set stays, and no types are needed", async (t) => {
  const app = new Hono();
  app.use(cors({ origin: "https://app.example.com" }));
  app.use(protectHono(await optionsFor(t)));
  app.get("/raw", () => new Response("raw", { headers: { "Access-Control-Expose-Headers": "X-Notes" } }));
  const origin = { Origin: "https://app.example.com" };
  const response = await app.request("/raw", { headers: { ...headers, ...origin } });
  assert.equal(response.headers.get("access-control-allow-origin"), "https://app.example.com");
  assert.equal(response.headers.get("access-control-expose-headers"), "X-Notes");
  assert.equal(await response.text(), "raw");
});

test("Hono: a handler that throws is answered by Hono, and a browser may read that too", async (t) => {
  const app = new Hono();
  app.use(protectHono(await optionsFor(t)));
  app.onError((_error, c) => c.text("sorry", 500));
  app.get("/", () => {
    throw new Error("broken");
  });
  const response = await app.request("/", { headers });
  assert.equal(response.status, 500);
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
});

test("Fastify: inject() is guarded too, whatever an earlier hook set stays, and the order of routes does not matter", async (t) => {
  const app = fastify();
  t.after(() => app.close());
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("Access-Control-Allow-Origin", "https://app.example.com");
  });
  app.get("/before", async () => "notes");
  app.register(protectFastify(await optionsFor(t)));
  app.register(async (inner) => inner.get("/after", async () => "notes"), { prefix: "/inner" });
  for (const url of ["/before", "/inner/after"]) {
    const anonymous = await app.inject({ url });
    assert.equal(anonymous.statusCode, 401, url);
    const known = await app.inject({ url, headers });
    assert.equal(known.body, "notes", url);
    assert.equal(known.headers["access-control-allow-origin"], "https://app.example.com");
  }
});

test("Fastify: only a route that says so in so many words is open", async (t) => {
  const app = fastify();
  t.after(() => app.close());
  app.register(protectFastify(await optionsFor(t)));
  app.get("/open", { config: { protect: false } }, async () => "open");
  const unclear = [undefined, null, 0, "false"];
  for (const [index, protect] of unclear.entries()) {
    app.get(`/closed/${index}`, { config: { protect } }, async () => "notes");
  }
  assert.equal((await app.inject({ url: "/open" })).statusCode, 200);
  for (const index of unclear.keys()) {
    assert.equal((await app.inject({ url: `/closed/${index}` })).statusCode, 401);
  }
});

test("Fastify: nobody without a token has a body parsed", async (t) => {
  const app = fastify();
  t.after(() => app.close());
  app.register(protectFastify(await optionsFor(t)));
  let parsed = 0;
  app.addContentTypeParser("text/notes", { parseAs: "string" }, async () => parsed++);
  app.post("/mcp", async () => "notes");
  const post = { url: "/mcp", method: "POST", payload: "milk" } as const;
  const type = { "content-type": "text/notes" };
  assert.equal((await app.inject({ ...post, headers: type })).statusCode, 401);
  assert.equal(parsed, 0);
  assert.equal((await app.inject({ ...post, headers: { ...type, ...headers } })).statusCode, 200);
  assert.equal(parsed, 1);
});

test("asking for more scope where nobody has let the request pass refuses it", async (t) => {
  const options = await optionsFor(t);
  const app = express();
  app.get("/", protect(options).scopes("notes:read"), (_request, response) => void response.send("notes"));
  const onExpress = await listen(app);
  t.after(onExpress.close);
  const hono = new Hono();
  hono.get("/", protectHono(options).scopes("notes:read"), (c) => c.text("notes"));
  const onFastify = fastify();
  t.after(() => onFastify.close());
  onFastify.get("/", { onRequest: protectFastify(options).scopes("notes:read") }, async () => "notes");
  const { statusCode, headers: answered } = await onFastify.inject({ url: "/", headers });

  const refusals = [
    await fetch(onExpress.origin, { headers }),
    await hono.request("/", { headers }),
    { status: statusCode, headers: new Headers({ "WWW-Authenticate": `${answered["www-authenticate"]}` }) },
  ];
  for (const refusal of refusals) {
    assert.equal(refusal.status, 403);
    const { error, resource_metadata } = challengeOf(refusal);
    assert.deepEqual(
      { error, resource_metadata },
      { error: "insufficient_scope", resource_metadata: metadataUrl },
    );
  }
});
