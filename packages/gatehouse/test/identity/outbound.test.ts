import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type TestContext, test } from "node:test";
import { createOutbound, type OutboundLimits } from "../../src/identity/outbound.ts";
import { selfSigned } from "../support/self-signed.ts";
import { closeServer, listen } from "../support/upstream.ts";
import { failureOf } from "./attempts.ts";

const limits: OutboundLimits = { timeout: 5000, maxBytes: 1000, allowLoopbackHttp: true };

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  t.after(() => closeServer(server));
  return listen(server);
}

test("S11 outbound calls trust no unknown certificate, end in time, stay small, and carry nothing to another host", async (t) => {
  await t.test("a certificate nobody vouches for", async (t) => {
    let served = 0;
    const server = createTlsServer(selfSigned, (_, response) => {
      served++;
      response.end();
    });
    t.after(() => closeServer(server));
    const url = (await listen(server)).replace("http:", "https:");
    const failure = await failureOf(createOutbound(limits)(url, {}));
    assert.equal(failure.code, "temporarily_unavailable");
    assert.match(failure.message, /SELF_SIGNED_CERT/);
    assert.equal(served, 0);
  });

  await t.test("a server that takes the request and never answers", async (t) => {
    const url = await serve(t, () => {});
    const failure = await failureOf(createOutbound({ ...limits, timeout: 40 })(url, {}));
    assert.equal(failure.code, "temporarily_unavailable");
    assert.match(failure.message, /no complete answer within 40 ms/);
  });

  await t.test("a body that never ends, slowly", async (t) => {
    const url = await serve(t, (_, response) => {
      response.writeHead(200).write("{");
    });
    const failure = await failureOf(createOutbound({ ...limits, timeout: 40 })(url, {}));
    assert.equal(failure.code, "temporarily_unavailable");
    assert.match(failure.message, /no complete answer/);
  });

  await t.test("a body that never ends, fast", async (t) => {
    let sent = 0;
    const url = await serve(t, (_, response) => {
      const pour = (): void => {
        while (response.write("x".repeat(1000))) sent += 1000;
        response.once("drain", pour);
      };
      pour();
    });
    const failure = await failureOf(createOutbound(limits)(url, {}));
    assert.equal(failure.code, "server_error");
    assert.match(failure.message, /more than 1000 bytes/);
    assert.ok(sent < 50_000_000, "it was cut off, not read to the end");
  });

  await t.test("a redirect to another host", async (t) => {
    let lured = 0;
    const trap = await serve(t, (_, response) => {
      lured++;
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await serve(t, (_, response) => response.writeHead(status, { location: trap }).end());
      const body = new URLSearchParams({ client_secret: "s" });
      const failure = await failureOf(createOutbound(limits)(url, { method: "POST", body }));
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, /a redirect: not followed/);
    }
    assert.equal(lured, 0);
  });

  await t.test("cookies", async (t) => {
    const cookies: unknown[] = [];
    const url = await serve(t, (request, response) => {
      cookies.push(request.headers.cookie);
      response.setHeader("set-cookie", "session=1; Path=/").end("{}");
    });
    const outbound = createOutbound(limits);
    await outbound(url, {});
    await outbound(url, {});
    assert.deepEqual(cookies, [undefined, undefined]);
  });
});

test("plain http is spoken to this machine only, and only where that is allowed", async (t) => {
  let served = 0;
  const url = await serve(t, (_, response) => {
    served++;
    response.end("{}");
  });
  const refused = await failureOf(createOutbound({ ...limits, allowLoopbackHttp: false })(url, {}));
  assert.match(refused.message, /only https may be used/);
  assert.equal(served, 0);
  for (const elsewhere of [
    "http://idp.example/",
    "http://127.0.0.1.example/",
    "ftp://127.0.0.1/",
    "file:///x",
  ]) {
    assert.match((await failureOf(createOutbound(limits)(elsewhere, {}))).message, /only https may be used/);
  }
  assert.equal(await (await createOutbound(limits)(url, {})).text(), "{}");
});

test("the log learns why nobody answered, but never a query", async () => {
  const server = createServer();
  const url = await listen(server);
  await closeServer(server);
  const failure = await failureOf(createOutbound(limits)(`${url}/token?code=very-secret`, {}));
  assert.equal(failure.code, "temporarily_unavailable");
  assert.match(failure.message, /GET http:\/\/127\.0\.0\.1:\d+\/token failed: ECONNREFUSED/);
  assert.doesNotMatch(failure.message, /very-secret/);
});
