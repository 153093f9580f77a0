import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { createGuard } from "@mcp-gatehouse/resource-server";
import { aFolder } from "../config/config-file.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import {
  authorize,
  introspect,
  redeem,
  refresh,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";
import { aDoor, aProcessBefore, aServerBehind, besides } from "./support/door.ts";

/* What is left of an app once its person was shown that it is disconnected: here, and in another instance. */

const event = 'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n';

/** Two instances before one server whose streams go on for ever, and a person's browser. */
async function twoInstances(t: TestContext) {
  const upstreams: ServerResponse[] = [];
  const behind = await aServerBehind(t, (_, response) => {
    upstreams.push(response);
    response.setHeader("content-type", "text/event-stream");
    response.write(event);
  });
  const database = `sqlite://${join(aFolder(t, {}), "gatehouse.db")}`;
  const door = await aDoor(t, behind.url, "", { SQL_URL: database });
  const other = await aProcessBefore(t, behind.url, "", besides(door.server, database));
  const agent = new UserAgent();
  return { door, first: door.server, other, agent, upstreams };
}

async function connect(server: TestGatehouse, client: TestClient, agent: UserAgent, at: string) {
  const end = await authorize(server, client, { agent, parameters: { resource: at } });
  return tokensOf(await redeem(server, client, end.searchParams.get("code") ?? ""));
}

const meta = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}';
/** As clients of the newest revision listen: what comes is passed on by the byte. */
const subscription = {
  method: "POST",
  body: `{"jsonrpc":"2.0","id":1,"method":"subscriptions/listen","params":{${meta}}}`,
  headers: {
    "content-type": "application/json",
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "subscriptions/listen",
  },
};

const knock = (server: TestGatehouse, token: string, { headers, ...init }: RequestInit = {}) =>
  fetch(`${server.url}/mcp`, {
    ...init,
    headers: { accept: "text/event-stream, application/json", authorization: `Bearer ${token}`, ...headers },
  });

/** A stream that is listened to, and when it is over, by its end or by breaking off. */
async function listen(server: TestGatehouse, token: string, how?: RequestInit) {
  const answer = await knock(server, token, how);
  assert.equal(answer.status, 200);
  let isOpen = true;
  const ended = answer.text().then(
    () => "ended",
    () => "broken off",
  );
  void ended.then(() => {
    isOpen = false;
  });
  return { ended, isOpen: () => isOpen };
}

/** What the person does at the home page of an instance. */
async function disconnect(server: TestGatehouse, agent: UserAgent, act: Record<string, string>) {
  const { html } = await agent.follow(`${server.url}/`);
  const csrf = /action="[^"]*\/apps">\s*<input type="hidden" name="csrf" value="([^"]+)"/.exec(html)?.[1];
  const [grant = ""] = [...html.matchAll(/name="grant" value="([^"]+)"/g)].map(([, id = ""]) => id);
  const answer = await agent.request(`${server.url}/apps`, {
    method: "POST",
    body: new URLSearchParams({ csrf: csrf ?? "", grant, ...act }),
    headers: { origin: server.issuer, "sec-fetch-site": "same-origin" },
  });
  assert.equal(answer.status, 303);
}

test("Z24 what a person disconnects is over at once in every instance, its streams here within moments and elsewhere within a minute", async (t) => {
  const { door, first, other, agent } = await twoInstances(t);
  const staying = await door.token();
  for (const { clock } of [first, other]) clock.advance(1);
  const gone = await connect(first, door.client, agent, door.address);
  const [here, there, others] = [
    await listen(first, gone.access_token),
    await listen(other, gone.access_token),
    await listen(first, staying.access_token),
  ];
  await disconnect(first, agent, { act: "disconnect" });
  for (const server of [first, other]) {
    assert.equal((await introspect(server, gone.access_token)).active, false);
    assert.equal((await knock(server, gone.access_token)).status, 401);
    assert.equal((await refresh(server, door.client, gone.refresh_token)).body.error, "invalid_grant");
  }
  // No clock was moved: the look of each half minute is not due.
  assert.equal(await here.ended, "ended");
  assert.ok(there.isOpen() && others.isOpen());
  other.clock.advance(59);
  assert.equal(await there.ended, "ended");
  assert.ok(others.isOpen(), "of the same person's other app");
});

test("Z-n13 neither what the kit remembers nor another instance nor a stream that trickles lets a disconnected app go on", async (t) => {
  const { door, first, other, agent, upstreams } = await twoInstances(t);
  const credential = await first.addResource(resource);
  const atKit = await connect(first, door.client, agent, resource);
  const atDoor = await connect(first, door.client, agent, door.address);
  const start = first.clock.now();
  // The MCP server asks the other instance, and remembers for as long as it does unless told otherwise.
  const kit = createGuard({
    issuer: first.issuer,
    introspectionEndpoint: `${other.url}/introspect`,
    resource,
    credential,
    clock: () => first.clock.now(),
  });
  const isLetIn = async () =>
    (await kit.check({ method: "POST", url: "/mcp", authorization: [`Bearer ${atKit.access_token}`] })).ok;
  assert.equal(await isLetIn(), true);
  const streams = [
    await listen(first, atDoor.access_token, subscription),
    await listen(other, atDoor.access_token, subscription),
  ];
  assert.equal(upstreams.length, 2);
  for (const upstream of upstreams) upstream.write("data: an event without an end ");

  await disconnect(first, agent, { act: "disconnect_all", confirmed: "yes" });
  assert.equal((await introspect(other, atKit.access_token, credential)).active, false);
  first.clock.advance(9);
  assert.equal(await isLetIn(), true, "which its documentation says: ten seconds");
  first.clock.advance(1);
  assert.equal(await isLetIn(), false);
  for (let seconds = 10; seconds < 60; seconds += 10) {
    for (const upstream of upstreams) if (!upstream.destroyed) upstream.write(".");
    other.clock.advance(10);
    await setTimeout(0);
  }
  assert.ok(other.clock.now() - start < 60);
  assert.deepEqual(await Promise.all(streams.map(({ ended }) => ended)), ["broken off", "broken off"]);
  for (const server of [first, other]) {
    const again = await knock(server, atDoor.access_token, { headers: { "last-event-id": "7" } });
    assert.equal(again.status, 401);
  }
});
