import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { aFolder } from "../config/config-file.ts";
import { toolCall, until } from "../gateway/stdio/support/calls.ts";
import { isRunning } from "../gateway/stdio/support/processes.ts";
import { aChild } from "../gateway/stdio/support/stdio-door.ts";
import { freePort } from "../support/free-port.ts";
import { aPublicClient, authorizationUrl, redeem, tokensOf } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";
import { aDatabase, startCommand, untilPrinted } from "./command-line.ts";

const start = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{}}}`;

test("nobody without a token or from another origin starts a child of protect, and what was started ends with the program", async (t) => {
  const database = await aDatabase();
  t.after(database.remove);
  const port = await freePort();
  const pids = join(aFolder(t, {}), "pids");
  const gatehouse = startCommand(
    ["protect", "--port", String(port), "--", ...aChild("both", pids)],
    database.environment,
  );
  t.after(() => gatehouse.kill("SIGKILL"));
  const origin = `http://localhost:${port}`;
  await untilPrinted(gatehouse, new RegExp(`${origin}/mcp`));
  const server = { url: origin };
  const client = await aPublicClient(server);
  const agent = new UserAgent();
  const signIn = await agent.follow(authorizationUrl(server, client, { resource: `${origin}/mcp` }));
  const consent = await agent.submit(signIn, { email: "dev@example.com" });
  const end = await agent.submit(consent, { decision: "approve" }, (url) => url.port === "33418");
  const { access_token } = tokensOf(await redeem(server, client, end.url.searchParams.get("code") ?? ""));

  /** As a browser that was led to 127.0.0.1 sends it; a token would be more than it has. */
  const post = async (body: string, headers: Record<string, string>) => {
    const sent = request({
      port,
      host: "127.0.0.1",
      path: "/mcp",
      method: "POST",
      headers: {
        host: `localhost:${port}`,
        "content-type": "application/json",
        authorization: `Bearer ${access_token}`,
        ...headers,
      },
    });
    sent.end(body);
    const [answer] = (await once(sent, "response")) as [import("node:http").IncomingMessage];
    let text = "";
    for await (const chunk of answer) text += String(chunk);
    return { status: answer.statusCode, session: String(answer.headers["mcp-session-id"]), text };
  };
  assert.equal((await post(start, { host: "evil.example" })).status, 421);
  assert.equal(
    (await post(start, { host: `evil.example:${port}`, origin: "https://evil.example" })).status,
    421,
  );
  assert.equal((await post(start, { origin: "https://evil.example" })).status, 403);
  assert.equal((await post(start, { authorization: "Bearer nothing" })).status, 401);
  assert.equal(existsSync(pids), false, "no child was started");

  const { status, session } = await post(start, {});
  assert.equal(status, 200);
  const call = (tool: string) => post(toolCall(tool), { "mcp-session-id": session });
  const forked = Number(/"text":"([0-9]+)"/.exec((await call("fork")).text)?.[1]);
  await call("ignore-signals");
  const child = Number(readFileSync(pids, "utf8").trim());
  assert.ok(isRunning(child) && isRunning(forked));
  const ended = once(gatehouse, "exit");
  gatehouse.kill("SIGTERM");
  await new Promise((resolve) => setTimeout(resolve, 600)); // two at once count as one
  gatehouse.kill("SIGTERM"); // by somebody for whom it takes too long
  assert.deepEqual(await ended, [130, null]);
  await until(() => ![child, forked].some(isRunning));
});
