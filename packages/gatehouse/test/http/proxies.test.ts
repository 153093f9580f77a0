import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import { freePort } from "../support/free-port.ts";
import { startTestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, isActive, refresh, resource, tokensFor } from "../support/oauth-client.ts";

/*
 * The published files for proxies, in front of a real server. Only where they listen is changed, and that
 * it is without TLS.
 */

const root = join(import.meta.dirname, "../../../..");
const published = (name: string) => readFileSync(join(root, name), "utf8");
const upstreams = /127\.0\.0\.1:8080/g;

/** @returns the whole configuration of the proxy, for these ports */
type Configure = (port: number, upstream: number, folder: string) => string;

const caddy =
  (site: string, name: string): Configure =>
  (port, upstream, folder) =>
    `{
	admin off
	auto_https off
	storage file_system ${folder}
}
${site.replace(`${name} {`, `http://127.0.0.1:${port} {`).replace(upstreams, `127.0.0.1:${upstream}`)}`;

const nginx: Configure = (port, upstream, folder) => {
  const server = published("deploy/nginx.conf")
    .replace("listen 443 ssl", `listen 127.0.0.1:${port}`)
    .replaceAll(/^\s*ssl_.*$/gm, "")
    .replace(upstreams, `127.0.0.1:${upstream}`);
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr warn;
events {}
http {
access_log off;
${places.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n")}
${server}
}`;
};

/** The block of the guide in which only a path leads here. */
const pathBlock =
  /```\n(example\.com \{\n\t@gatehouse.*?\n\})\n```/s.exec(published("docs/operating.md"))?.[1] ?? "";

const proxies: [
  name: string,
  program: string,
  configure: Configure,
  argumentsOf: (file: string) => string[],
][] = [
  [
    "Caddy",
    "caddy",
    caddy(published("deploy/Caddyfile.single"), "login.example.com"),
    (file) => ["run", "--adapter", "caddyfile", "--config", file],
  ],
  [
    "Caddy with a path",
    "caddy",
    caddy(pathBlock, "example.com"),
    (file) => ["run", "--adapter", "caddyfile", "--config", file],
  ],
  ["nginx", "nginx", nginx, (file) => ["-c", file]],
];

async function start(
  t: TestContext,
  [, program, configure, argumentsOf]: (typeof proxies)[number],
  upstream: number,
) {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-proxy-"));
  const port = await freePort();
  const file = join(folder, "configuration");
  writeFileSync(file, configure(port, upstream, folder));
  const environment = { PATH: process.env.PATH ?? "", HOME: folder };
  const child: ChildProcess = spawn(program, argumentsOf(file), {
    env: environment,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let printed = "";
  child.stderr?.on("data", (chunk) => {
    printed += String(chunk);
  });
  t.after(async () => {
    const ended = child.exitCode === null ? once(child, "exit") : undefined;
    child.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${program} ended: ${printed}`);
    const answers = await fetch(`http://127.0.0.1:${port}/`).then(
      async (response) => {
        await response.body?.cancel();
        return true;
      },
      () => false,
    );
    if (answers) return port;
    await new Promise(setImmediate);
  }
}

/** A request from another address of this machine, its path and headers as they stand. */
async function ask(port: number, path: string, headers: Record<string, string>) {
  const sent = request({ host: "127.0.0.1", port, path, headers, localAddress: "127.0.0.2" }).end();
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

const isPresent = (program: string) => spawnSync(program, ["-v"]).error === undefined;

/** Runs it with each proxy that this machine has. */
async function withEach(
  t: TestContext,
  run: (t: TestContext, proxy: (typeof proxies)[number]) => Promise<void>,
) {
  for (const proxy of proxies) {
    const [name, program] = proxy;
    await t.test(name, async (t) => {
      if (process.platform !== "linux") return t.skip("one address of the loopback network only");
      if (!isPresent(program)) return t.skip(`no ${program} here`);
      await run(t, proxy);
    });
  }
}

/** Gatehouse below a path, behind the proxy. */
async function behind(t: TestContext, proxy: (typeof proxies)[number]) {
  // Gatehouse has to know where the proxy is, and the proxy where Gatehouse is.
  const own = await freePort();
  const port = await start(t, proxy, own);
  const issuer = `http://127.0.0.1:${port}/auth`;
  const server = await startTestGatehouse({
    BASE_URL: issuer,
    PORT: String(own),
    TRUSTED_PROXIES: "127.0.0.1",
  });
  t.after(() => server.stop());
  return { port, issuer, server, outside: { ...server, url: issuer } };
}

test("Y29 behind the published Caddy and nginx files, below a path, a whole flow passes and the person's address is known", (t) =>
  withEach(t, async (t, proxy) => {
    const { port, issuer, server, outside } = await behind(t, proxy);
    await server.addResource(resource);
    const description = await fetch(`http://127.0.0.1:${port}/.well-known/oauth-authorization-server/auth`);
    assert.equal(((await description.json()) as { issuer: string }).issuer, issuer);
    const client = await aPublicClient(outside);
    const tokens = await tokensFor(outside, client);
    assert.equal(await isActive(outside, tokens.access_token), true);
    assert.equal((await refresh(outside, client, tokens.refresh_token)).status, 200);
    const pages = await Promise.all([issuer, `${issuer}/`].map((url) => fetch(url)));
    assert.deepEqual(
      pages.map(({ status }) => status),
      [200, 200],
    );
    assert.equal((await ask(port, "/auth/nowhere", {})).status, 404);
    const line = server.log.find((each) => each.includes("404 GET /auth/nowhere")) ?? "";
    assert.equal(JSON.parse(line).address, "127.0.0.2");
    assert.ok(server.log.every((each) => !each.includes("is not believed")));
  }));

test("Y-n18 what a client claims in forwarding headers, Host or path changes no address in the log, no URL and no page behind a published file", (t) =>
  withEach(t, async (t, proxy) => {
    const { port, server } = await behind(t, proxy);
    const forged = {
      "X-Forwarded-For": "6.6.6.6",
      "X-Forwarded-Host": "evil.example",
      "X-Forwarded-Proto": "gopher",
      Forwarded: "for=6.6.6.6;host=evil.example",
    };
    assert.equal((await ask(port, "/auth/nowhere", forged)).status, 404);
    const line = server.log.find((each) => each.includes("404 GET /auth/nowhere")) ?? "";
    assert.equal(JSON.parse(line).address, "127.0.0.2", "the address the proxy saw");
    const paths = [
      "/auth/",
      "/auth/authorize?client_id=x",
      "//auth/healthz",
      "/auth/../healthz",
      "/auth/%2e%2e/token",
    ];
    for (const path of [...paths, "/.well-known/oauth-authorization-server/auth"]) {
      for (const headers of [forged, { ...forged, Host: "evil.example" }]) {
        const { status = 0, body, headers: answer } = await ask(port, path, headers);
        assert.ok(status < 500, `${path}: ${status}`);
        assert.doesNotMatch(JSON.stringify(answer) + body, /evil\.example|6\.6\.6\.6|gopher/, path);
      }
    }
    assert.ok(server.log.every((each) => !each.includes("6.6.6.6")));
  }));

test("behind the same files a stream arrives event by event", (t) =>
  withEach(t, async (t, proxy) => {
    let next = Promise.withResolvers<void>();
    const stream = createServer(async (request, response) => {
      if (request.url !== "/auth/events") return response.end(); // whether the proxy is there
      response.writeHead(200, { "content-type": "text/event-stream" });
      for (const at of [1, 2, 3]) {
        response.write(`data: ${at}\n\n`);
        await next.promise; // the client has it
        next = Promise.withResolvers();
      }
      response.end();
    });
    stream.listen(0, "127.0.0.1");
    await once(stream, "listening");
    t.after(() => stream.close());
    const port = await start(t, proxy, (stream.address() as AddressInfo).port);
    const response = await fetch(`http://127.0.0.1:${port}/auth/events`);
    const events: string[] = [];
    for await (const chunk of response.body ?? []) {
      events.push(Buffer.from(chunk).toString());
      next.resolve();
    }
    assert.deepEqual(events.slice(0, 3), ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"]);
  }));
