import assert from "node:assert/strict";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { embedded } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { type Handing, startReverseProxy } from "../support/reverse-proxy.ts";
import { selfSigned } from "../support/self-signed.ts";
import { doctor, shown } from "./doctor-outcome.ts";

/* Doctor asks the running server through BASE_URL, with a reverse proxy in between. */

/** A server, whose people come by a proxy. */
async function behindProxy(
  t: TestContext,
  settings: Record<string, string> = {},
  { path = "", certificate }: { path?: string; certificate?: typeof selfSigned } = {},
) {
  const handing: Handing = {
    to: "",
    headers: (headers) => ({ "x-forwarded-for": "203.0.113.9", "x-forwarded-host": headers.host }),
  };
  const proxy = await startReverseProxy(handing, certificate);
  const host = certificate === undefined ? "http://localhost" : "https://127.0.0.1";
  const database = embedded();
  const server = await startTestGatehouse({
    BASE_URL: `${host}:${proxy.port}${path}`,
    SQL_URL: database.url,
    TRUSTED_PROXIES: "loopback",
    ...settings,
  });
  handing.to = server.url;
  t.after(async () => {
    await server.stop();
    await proxy.close();
    database.remove();
  });
  return {
    server,
    handing,
    databasePath: database.url.slice("sqlite:".length),
    environment: { ...server.environment },
  };
}

test("Z10 doctor asks the running server through BASE_URL what it saw of the request, with a challenge that only a server with the same key answers", async (t) => {
  const { server, environment } = await behindProxy(t);
  const { code, of, findings } = await doctor(environment);
  const problems = findings.filter(({ result }) => result === "fail" || result === "warn").map(shown);
  // How long a write takes is the disk's doing, and what else is tested meanwhile.
  assert.deepEqual(
    problems.filter((each) => !/^warn \| A write takes \d+ ms\./.test(each)),
    [],
  );
  assert.equal(code, 0);
  assert.equal(shown(of("public.reach")), `ok | \`${server.issuer}\` is this server.`);
  assert.equal(shown(of("public.url")), "ok | Scheme, host and path arrive as they are sent.");
  assert.equal(shown(of("public.proxy")), "ok | A proxy is in between, and people's addresses arrive.");
  assert.equal(shown(of("public.cookies")), "ok | Cookies come back.");
  assert.equal(shown(of("config.same")), "ok | The running server has the configuration that stands here.");
  assert.equal(shown(of("db.integrity")), "ok | The file is whole, and the one the server has open.");
  assert.match(shown(of("public.tls")), /^skipped/);
});

test("what a reverse proxy does to requests and answers is told, with what mends it there", async (t) => {
  const { server, environment, handing } = await behindProxy(t);
  const { headers } = handing;
  const usual = () => {
    Object.assign(handing, {
      to: server.url,
      path: undefined,
      headers,
      answer: undefined,
      instead: undefined,
    });
  };
  const host = new URL(server.issuer).host;
  const cases: readonly (readonly [what: string, bent: Partial<Handing>, id: string, says: RegExp])[] = [
    [
      "adds a prefix",
      { path: (path) => `/login${path}` },
      "public.url",
      /^fail \| Requests arrive as `\/login\/authorize`, `BASE_URL` has no path\. \|/,
    ],
    [
      "names its own host",
      { headers: () => ({ host: "backend:8080" }) },
      "public.url",
      /^warn \| Requests arrive for the host `backend:8080`, `BASE_URL` is `localhost/,
    ],
    [
      "says http for https",
      { headers: () => ({ "x-forwarded-proto": "https" }) },
      "public.url",
      /^warn \| The proxy says that people come by https/,
    ],
    [
      "is on this computer, as doctor is",
      { headers: () => ({ "x-forwarded-for": "127.0.0.1" }) },
      "public.proxy",
      /^ok \| A proxy is in between/,
    ],
    [
      "drops Set-Cookie",
      { answer: ({ "set-cookie": _, ...rest }) => rest },
      "public.cookies",
      /^fail \| The proxy drops `Set-Cookie`/,
    ],
    [
      "rewrites Set-Cookie",
      {
        answer: (all) => ({
          ...all,
          "set-cookie": all["set-cookie"]?.map((text) => text.replace("Path=/", "Path=/login")) ?? [],
        }),
      },
      "public.cookies",
      /^fail \| The proxy rewrites `Set-Cookie` \(Path=\/\)/,
    ],
    [
      "drops Cookie",
      { headers: () => ({ cookie: undefined }) },
      "public.cookies",
      /^fail \| The proxy drops cookies on their way/,
    ],
    [
      "hides the well-known document",
      { path: (path) => path.replace("/.well-known/", "/well-known/") },
      "public.reach",
      /^fail \| `.*\.well-known\/oauth-authorization-server` answers 404\. \| Have the proxy hand on/,
    ],
    [
      "is another server",
      { instead: (_, response) => response.end("Welcome to nginx!") },
      "public.reach",
      /^fail \| `.*` answers, but it is not this server \(no answer to the challenge, 200\)\. The server itself answers at `http:\/\/127\.0\.0\.1:\d+`\. \| Check DNS and proxy/,
    ],
    [
      "does not find the server",
      { to: `http://127.0.0.1:${await freePort()}` },
      "public.reach",
      /^fail \| The proxy at `.*` answers 502: it does not reach the server\. The server itself answers/,
    ],
  ];
  for (const [what, bent, id, says] of cases) {
    await t.test(`one that ${what}`, async () => {
      usual();
      Object.assign(handing, bent);
      const { of } = await doctor(environment);
      assert.match(shown(of(id)), says, host);
    });
  }
});

test("a path in BASE_URL that the proxy strips is told", async (t) => {
  const { environment, handing } = await behindProxy(t, {}, { path: "/login" });
  const right = await doctor(environment);
  assert.equal(right.of("public.url").result, "ok");
  handing.path = (path) => path.replace(/^\/login/, "");
  const { of } = await doctor(environment);
  assert.match(
    shown(of("public.url")),
    /^fail \| Requests arrive as `\/authorize`, `BASE_URL` has the path `\/login`\./,
  );
});

test("a proxy that is not trusted makes everybody one, which is told with the setting", async (t) => {
  const { environment } = await behindProxy(t, { TRUSTED_PROXIES: "192.0.2.1" });
  const { of, code } = await doctor(environment);
  assert.equal(code, 1);
  assert.match(
    shown(of("public.proxy")),
    /^fail \| Everybody arrives as 127\.0\.0\.1: .* \| Put it into `TRUSTED_PROXIES`: `TRUSTED_PROXIES=127\.0\.0\.1`\./,
  );
});

test("a certificate of nobody's is told with whose it is, and one that is taken with the days it has left", async (t) => {
  const { environment } = await behindProxy(t, {}, { certificate: selfSigned });
  const refused = await doctor(environment);
  assert.match(
    shown(refused.of("public.tls")),
    /^fail \| The certificate is refused \(DEPTH_ZERO_SELF_SIGNED_CERT\): the certificate of 127\.0\.0\.1:\d+ is of CN=127\.0\.0\.1/,
  );
  assert.match(
    shown(refused.of("public.reach")),
    /^fail \| .* shows a certificate that is refused\. The server itself answers at .* \| See `public\.tls`/,
  );
  const folder = await mkdtemp(join(tmpdir(), "gatehouse-ca-"));
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "ca.pem"), selfSigned.cert);
  const taken = await doctor({ ...environment, CA_FILE: join(folder, "ca.pem") });
  assert.match(shown(taken.of("public.tls")), /^ok \| The certificate is good for \d+ days \(TLSv1\.3\)/);
  assert.equal(taken.of("public.cookies").result, "ok", "also with the prefix that https brings");
});

test("a server with another configuration, another database file or a replaced one is told", async (t) => {
  const { server, environment, databasePath } = await behindProxy(t);
  const other = await doctor({ ...environment, ACCESS_TOKEN_TTL: "31m" });
  assert.match(
    shown(other.of("config.same")),
    /^warn \| The running server has another configuration \(.*\) than this command reads/,
  );
  await rename(databasePath, `${databasePath}.moved`);
  await writeFile(databasePath, "");
  server.clock.advance(2); // what it found of its database is good for a second
  const { of } = await doctor(environment);
  assert.equal(of("db.schema").result, "fail");
  assert.match(
    shown(of("db.integrity")),
    /^fail \| The file was deleted or replaced under the running server\. \| Restart the server\./,
  );
  await rename(`${databasePath}.moved`, databasePath);
});

test("a server that does not run is told so at the check that is about it", async () => {
  const database = embedded();
  const server = await startTestGatehouse({ SQL_URL: database.url });
  await server.stop();
  const { of } = await doctor({ ...server.environment });
  assert.match(
    shown(of("public.reach")),
    /^fail \| Nothing answers at `.*` \(ECONNREFUSED\)\. \| Start the server/,
  );
  for (const id of ["public.url", "public.proxy", "public.cookies", "config.same"])
    assert.equal(of(id).result, "skipped");
  database.remove();
});
