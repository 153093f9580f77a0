import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { clientLines } from "../../src/commands/client-lines.ts";
import { nameFor } from "../../src/commands/protected-name.ts";
import { aFolder } from "../config/config-file.ts";
import { freePort } from "../support/free-port.ts";
import { aPublicClient, authorizationUrl, redeem, tokensOf } from "../support/oauth-client.ts";
import { exchange } from "../support/raw-exchange.ts";
import { UserAgent } from "../support/user-agent.ts";
import { aDatabase, anyProvider, runCommand, startCommand, untilPrinted } from "./command-line.ts";

const json = { "content-type": "application/json" };
const body = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`;

/** A developer signs in by typing an address: a token for the door at `/mcp`, and the consent page. */
async function signedIn(origin: string, scope: string) {
  const server = { url: origin };
  const client = await aPublicClient(server);
  const agent = new UserAgent();
  const asked = authorizationUrl(server, client, { resource: `${origin}/mcp`, scope });
  const consent = await agent.submit(await agent.follow(asked), { email: "dev@example.com" });
  const end = await agent.submit(consent, { decision: "approve" }, (url) => url.port === "33418");
  const tokens = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));
  return { token: tokens.access_token, consent: consent.html };
}

test("W01 protect serves everything at one port and origin, and says how each client connects, also while the server is down", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const [port, behind] = [await freePort(), await freePort()];
  const upstream = `http://127.0.0.1:${behind}/mcp`;
  const child = startCommand(
    [
      "protect",
      upstream,
      "--port",
      String(port),
      "--tool",
      "*=notes:use",
      "--scope",
      "notes:use=Use your notes",
    ],
    database.environment,
  );
  t.after(() => child.kill("SIGKILL"));
  const printed = await untilPrinted(child, /WARNING: .*\n/);
  const origin = `http://localhost:${port}`;
  const address = `${origin}/mcp`;
  for (const client of ["Claude Code", "Cursor", "VS Code", "Codex", "MCP Inspector", "mcp-remote"]) {
    assert.match(printed, new RegExp(`^  ${client} +.*${address}`, "m"));
  }
  assert.doesNotMatch(printed, /claude\.ai/, "which is not on this computer");
  assert.match(
    printed,
    new RegExp(`WARNING: the MCP server mcp \\(http://127.0.0.1:${behind}\\) cannot be reached`),
  );

  const refused = await fetch(address, { method: "POST", headers: json, body });
  assert.equal(refused.status, 401);
  const [, metadata = ""] =
    /resource_metadata="([^"]+)"/.exec(refused.headers.get("www-authenticate") ?? "") ?? [];
  assert.equal(new URL(metadata).origin, origin);
  const described = (await (await fetch(metadata)).json()) as Record<string, unknown>;
  assert.deepEqual([described.resource, described.authorization_servers], [address, [origin]]);

  const { token, consent } = await signedIn(origin, "notes:use");
  assert.match(consent, /Use your notes/);
  const call = () =>
    fetch(address, { method: "POST", headers: { ...json, authorization: `Bearer ${token}` }, body });
  assert.equal((await call()).status, 502);

  const received: string[] = [];
  const mcp = createServer(async (request, response) => {
    received.push(await text(request));
    response
      .setHeader("content-type", "application/json")
      .end(`{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}`);
  });
  mcp.listen(behind, "127.0.0.1");
  await once(mcp, "listening");
  t.after(() => {
    mcp.closeAllConnections();
    mcp.close();
  });
  const answer = await call();
  assert.deepEqual(
    [answer.status, await answer.json()],
    [200, { jsonrpc: "2.0", id: 1, result: { tools: [] } }],
  );
  assert.deepEqual(received, [body]);

  const ended = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});

/** A server over stdio that notes in a file that it was started, and answers whatever it is asked. */
const program = `
  require("node:fs").appendFileSync(process.argv[2], "started\\n");
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const { id } = JSON.parse(line);
    if (id !== undefined) console.log(JSON.stringify({ jsonrpc: "2.0", id, result: { protocolVersion: "2025-06-18", capabilities: {}, serverInfo: { name: "x", version: "1" } } }));
  });
`;

test("W-n27 a page that rebinds its name to this computer gets nothing from protect, and no child is started for it", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const folder = aFolder(t, { "server.cjs": program });
  const started = join(folder, "started");
  const port = await freePort();
  const command = [process.execPath, join(folder, "server.cjs"), started];
  const child = startCommand(["protect", "--port", String(port), "--", ...command], database.environment);
  t.after(() => child.kill("SIGKILL"));
  const printed = await untilPrinted(child, /Ctrl-C/);
  assert.match(
    printed,
    new RegExp(`^  Claude Code +claude mcp add --transport http server http://localhost:${port}/mcp`, "m"),
  );
  const origin = `http://localhost:${port}`;
  const { token } = await signedIn(origin, "mcp");
  const initialize = JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "x", version: "1" } },
  });
  const posted = (host: string, from?: string) =>
    exchange(port, {
      method: "POST",
      target: "/mcp",
      headers: [
        ["Host", host],
        ["Connection", "close"],
        ["Content-Type", "application/json"],
        ["Accept", "application/json, text/event-stream"],
        ["Authorization", `Bearer ${token}`],
        ["Content-Length", String(initialize.length)],
        ...(from === undefined ? [] : [["Origin", from] as const]),
      ],
      body: initialize,
    });
  const evil = "http://evil.example";
  for (const [host, from, status] of [
    [`evil.example:${port}`, `${evil}:${port}`, 421],
    [`evil.example:${port}`, undefined, 421],
    ["evil.example", evil, 421],
    [`localhost:${port}`, `${evil}:${port}`, 403],
    [`127.0.0.1:${port}`, evil, 403],
  ] as const) {
    const answer = await posted(host, from);
    assert.equal(answer.status, status, `${host} ${from}`);
    assert.equal(answer.headers["access-control-allow-origin"], undefined);
  }
  assert.equal(existsSync(started), false);
  // What is no rebinding reaches it.
  assert.equal((await posted(`localhost:${port}`, `http://localhost:6274`)).status, 200);
  assert.equal(readFileSync(started, "utf8"), "started\n");
  const ended = once(child, "exit");
  child.kill("SIGINT");
  assert.deepEqual(await ended, [0, null]);
});

test("W02 protect signs people in by what they type under the conditions of dev alone, and without a provider serves nobody else", async () => {
  const server = "http://127.0.0.1:1/mcp";
  for (const [variable, value, error] of [
    ["HOST", "0.0.0.0", /HOST[\s\S]*loopback/],
    ["HOST", "192.168.1.7", /HOST[\s\S]*loopback/],
    ["HOST", "my-laptop", /HOST[\s\S]*loopback/],
    ["BASE_URL", "https://mcp.example.com", /OAUTH2_CLIENT_ID[\s\S]*OAUTH2_CLIENT_SECRET/],
    ["BASE_URL", "http://192.168.1.7:8080", /BASE_URL[\s\S]*https/],
  ] as const) {
    const { code, out, err } = await runCommand(["protect", server], { [variable]: value });
    assert.deepEqual([code, out], [2, ""], value);
    assert.match(err, error, value);
  }
});

test("with an address for others and an identity provider protect is for good, and says where claude.ai finds it", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const child = startCommand(["protect", "http://127.0.0.1:1/mcp", "--name", "notes", "--path", "/notes"], {
    ...database.environment,
    ...anyProvider,
    BASE_URL: "https://mcp.example.com",
    HOST: "127.0.0.1",
    PORT: String(await freePort()),
  });
  t.after(() => child.kill("SIGKILL"));
  const lines: string[] = [];
  child.stdout?.on("data", (chunk: Buffer) => lines.push(...String(chunk).trim().split("\n")));
  const printed = await untilPrinted(child, /"listening".*\n/);
  for (const line of lines) assert.ok(JSON.parse(line), "the log alone is on standard output");
  assert.doesNotMatch(printed, /development/);
  assert.match(printed, /^ {2}claude\.ai +.*https:\/\/mcp\.example\.com\/notes$/m);
  assert.match(printed, /"doors":"notes at https:\/\/mcp\.example\.com\/notes"/);
  const read = untilPrinted(child, /"reason":"reload"/);
  child.kill("SIGHUP");
  await read;
});

test("what cannot be protected is refused, in the words of the command line", async (t) => {
  const refused = async (...args: string[]) => {
    const { code, out, err } = await runCommand(["protect", ...args], { PORT: "8080" });
    assert.deepEqual([code, out], [2, ""], args.join(" "));
    return err;
  };
  assert.match(await refused("ftp://localhost/mcp"), /<url>[\s\S]*the scheme ftp:/);
  assert.match(await refused("http://localhost:8080/mcp"), /<url>[\s\S]*this server itself/);
  assert.match(await refused("http://localhost:3000/mcp", "--path", "/token"), /--path/);
  assert.match(await refused("http://localhost:3000/mcp", "--per", "person"), /--per/);
  assert.match(await refused("http://localhost:3000/mcp", "--scope", "a b=c"), /--scope/);
  assert.match(await refused("http://localhost:3000/mcp", "--scope", "a=b", "--tool", "x=c"), /--tool\.x/);
  assert.match(await refused("http://localhost:3000/mcp", "--tool", "x"), /pattern=scope/);
  assert.match(await refused("http://localhost:3000/mcp", "--name", "My notes"), /--name/);
  assert.match(await refused("http://localhost:3000/mcp", "http://localhost:3001/mcp"), /one URL/);
  assert.match(await refused("npx", "-y", "some-mcp-server"), /-y[\s\S]*protect -- npx -y some-mcp-server/);
  assert.match(await refused("localhost:3000/mcp"), /http:\/\/localhost:3000\/mcp/);
  assert.match(await refused("http://localhost:3000/mcp", "--port", "x"), /PORT/);
  assert.match(await refused(), /missing required argument/);
  const yaml = "servers:\n  - { name: a, upstream: http://localhost:3000/mcp }\n";
  const path = `${aFolder(t, { "gatehouse.yaml": yaml })}/gatehouse.yaml`;
  const { code, err } = await runCommand(["--config", path, "protect", "http://localhost:3000/mcp"]);
  assert.equal(code, 2);
  assert.match(err, /gatehouse\.yaml:2:3 servers[\s\S]*gatehouse serve/);
});

test("without --name a server is called after its host or its program", () => {
  for (const [name, ...behind] of [
    ["mcp", "http://localhost:3000/mcp"],
    ["mcp", "http://10.0.0.1/mcp"],
    ["mcp", "http://[::1]:3000/mcp"],
    ["notes", "https://notes.example.com/mcp"],
    ["server-everything", "npx", "-y", "@modelcontextprotocol/server-everything@1.2.3"],
    ["server-filesystem", "npx", "@modelcontextprotocol/server-filesystem", "/srv"],
    ["mcp-server-git", "uvx", "mcp-server-git"],
    ["server", "python3", "-u", "./src/server.py"],
    ["my-server", "/usr/local/bin/My_Server"],
    ["mcp", "/bin/§§"],
  ] as const) {
    assert.equal(nameFor(behind, /^https?:/.test(behind[0] ?? "")), name);
  }
});

test("each known client is told how to connect, those on the internet only of what they can reach", () => {
  assert.match(clientLines("notes", "https://mcp.example.com/mcp"), /^ {2}claude\.ai/m);
  for (const url of ["http://localhost:8080/mcp", "https://localhost/mcp", "https://intranet/mcp"]) {
    assert.doesNotMatch(clientLines("notes", url), /claude\.ai/, url);
  }
});
