import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import { type TestContext, test } from "node:test";
import { allowedWithin, locate } from "../../../src/insight/doctor/walk/reach.ts";
import { type Walk, walk } from "../../../src/insight/doctor/walk/walk.ts";
import { createWire } from "../../../src/insight/doctor/walk/wire.ts";
import { closeServer, listen } from "../../support/upstream.ts";
import { startMcpServer } from "./support/mcp-server.ts";
import { startSmallServer } from "./support/small-server.ts";

/*
 * Servers that want to harm whoever looks at them. The walk's exchanges are given half a second here, so that
 * what hangs is over soon.
 */

const timeout = 500;

async function walkTo(t: TestContext, metadata: object | ((issuer: string) => object)): Promise<Walk> {
  const server = await startSmallServer(t, {
    metadata: (issuer) => ({ ...(typeof metadata === "function" ? metadata(issuer) : metadata) }),
  });
  const mcp = await startMcpServer(t, () => ({ servers: [server.issuer] }));
  return walk(mcp, { signal: AbortSignal.timeout(10_000), timeout });
}

/** An MCP server whose authorization server answers everything so. */
async function walkToAnswers(t: TestContext, answer: RequestListener): Promise<Walk> {
  const server = createServer(answer);
  const issuer = await listen(server);
  t.after(() => closeServer(server));
  const mcp = await startMcpServer(t, () => ({ servers: [issuer] }));
  return walk(mcp, { signal: AbortSignal.timeout(10_000), timeout });
}

const told = ({ findings, clients }: Walk) =>
  [...findings, ...clients.flatMap((client) => client.findings)].map(({ finding }) => finding).join("\n");

test("Z-n18 a hostile server is told of in findings: nothing hangs, and nothing but https or this computer is opened", async (t) => {
  const attacks: readonly [string, RegExp, (inner: TestContext) => Promise<Walk>][] = [
    [
      "metadata that redirect to a file",
      /redirects to file:\/\/\/etc\/passwd|file:\/\/\/etc\/passwd is neither https/,
      (inner) => walkToAnswers(inner, redirectTo("file:///etc/passwd")),
    ],
    [
      "metadata that redirect to where clouds keep secrets",
      /169\.254\.169\.254\S* .*leads where/,
      (inner) => walkToAnswers(inner, redirectTo("https://169.254.169.254/latest/meta-data/")),
    ],
    [
      "a body without end",
      /more than \d+ bytes/,
      (inner) =>
        walkToAnswers(inner, (_, response) => {
          const fill = () => {
            while (!response.destroyed && response.write("x".repeat(65_536)));
          };
          response.on("drain", fill).writeHead(200, { "content-type": "application/json" });
          fill();
        }),
    ],
    [
      "an answer that never ends",
      /did not answer within/,
      (inner) => walkToAnswers(inner, (_, response) => void response.writeHead(200).write("{")),
    ],
    [
      "ten thousand scopes",
      /lists 10000 scopes/,
      (inner) =>
        walkTo(inner, { scopes_supported: Array.from({ length: 10_000 }, (_, index) => `scope-${index}`) }),
    ],
    [
      "characters that drive a terminal",
      /holds characters that drive a terminal/,
      (inner) => walkTo(inner, { service_documentation: "https://a.example/\u001b]0;owned\u0007" }),
    ],
    [
      "an endpoint that is a script",
      /javascript:alert\(1\) is no address/,
      (inner) => walkTo(inner, { authorization_endpoint: "javascript:alert(1)" }),
    ],
    [
      "an endpoint in plain http",
      /authorization_endpoint is http:\/\/login\.example/,
      (inner) => walkTo(inner, { authorization_endpoint: "http://login.example/authorize" }),
    ],
    [
      "a browser sent to a script",
      /The browser is sent to javascript:/,
      async (inner) => {
        const script = createServer(redirectTo("javascript:alert(1)"));
        const origin = await listen(script);
        inner.after(() => closeServer(script));
        return walkTo(inner, { authorization_endpoint: `${origin}/authorize` });
      },
    ],
  ];
  for (const [attack, expected, attempt] of attacks) {
    await t.test(attack, async (inner) => assert.match(told(await attempt(inner)), expected));
  }
});

test("of a server on the internet nobody is led into a private network, or to this computer", async (t) => {
  const asked: string[] = [];
  const inside = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.end("{}");
  });
  const { port } = new URL(await listen(inside));
  t.after(() => closeServer(inside));
  const wire = createWire({
    reach: "public",
    signal: t.signal,
    timeout,
    resolve: async () => [{ address: "127.0.0.1", family: 4 }],
  });
  t.after(() => wire.close());
  for (const url of [
    `http://127.0.0.1:${port}/`,
    `https://localhost:${port}/`,
    `https://rebound.example:${port}/`,
    "https://10.0.0.1/",
    "https://[fd00::1]/",
    "https://[::ffff:192.168.0.1]/",
  ]) {
    await assert.rejects(wire.ask(url), { name: "WireError", kind: "forbidden" }, url);
  }
  assert.deepEqual(asked, []);
});

function redirectTo(location: string): RequestListener {
  return (_, response) => void response.writeHead(302, { location }).end();
}

test("where a server lies is looked up once, and one with a public address is public whatever else it has", async () => {
  const answers = [["10.0.0.7"], ["203.0.114.9"]];
  const lookUp = async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 }));
  const located = await locate(new URL("https://mcp.corp.example/mcp"), lookUp);
  assert.equal(located.reach, "private");
  assert.deepEqual(await located.resolve("mcp.corp.example"), [{ address: "10.0.0.7", family: 4 }]);
  assert.deepEqual(await located.resolve("login.example"), [{ address: "203.0.114.9", family: 4 }]);

  const both = async () => ["127.0.0.1", "203.0.114.9"].map((address) => ({ address, family: 4 }));
  assert.equal((await locate(new URL("https://rebound.example/"), both)).reach, "public");
  const reaches = ["public", "private", "loopback"] as const;
  for (const [address, allowed] of [
    ["203.0.114.9", [true, true, true]],
    ["10.0.0.1", [false, true, true]],
    ["::ffff:10.0.0.1", [false, true, true]],
    ["127.0.0.1", [false, false, true]],
    ["::1", [false, false, true]],
    ["169.254.169.254", [false, false, false]],
    ["::ffff:169.254.169.254", [false, false, false]],
    ["fe80::1", [false, false, false]],
    ["", [false, false, false]],
  ] as const) {
    assert.deepEqual(
      reaches.map((reach) => allowedWithin(reach)(address)),
      allowed,
      address,
    );
  }
});
