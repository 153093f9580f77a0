import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource, shortIdOf } from "../../src/oauth/resource.ts";
import { eventsOf } from "../support/audit-events.ts";
import { act, isAgain, openConsole, signInAgain, signInAtHome } from "../support/console.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, resource } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";

/* What the audit trail has of acts in the console that were refused. */

let server: TestGatehouse;
let agent: UserAgent;
before(async () => {
  server = await startTestGatehouse({ ADMINS: "boss@example.com" });
  server.upstream.signedInAt = () => server.clock.now();
  await server.addResource(resource, { "notes:read": "Read your notes" });
  agent = await signInAtHome(server, "boss");
  await openConsole(server, agent);
});
after(() => server.stop());

test("an act in the console that is refused is one record, durable with its answer: whose it was, which, about what and why", async () => {
  const [account] = await server.store.findAccounts("boss@example.com");
  const { id: client } = await aPublicClient(server);
  const declared = canonicalResource("https://declared.example/mcp");
  await server.reload(
    `resources:\n  - identifier: ${declared}\n    credential: gatehouse_rs_${"a".repeat(40)}\n`,
  );
  const id = shortIdOf(declared);
  for (const [path, fields, told] of [
    [
      "/servers/new",
      { identifier: resource, scopes: "" },
      { reason: "taken", detail: `/servers/new: ${resource}`, resource },
    ],
    [
      "/client",
      { id: client, act: "set", redirect_uris: "https://evil.example" },
      { reason: "registered_itself", detail: `/client set ${client}`, client },
    ],
    [
      "/server",
      { id, act: "remove", confirmed: "yes" },
      { reason: "declared", detail: `/server remove ${id}`, resource: declared },
    ],
    [
      "/person",
      { subject: "user_nobody", act: "block", confirmed: "yes" },
      { reason: "missing", detail: "/person block user_nobody" },
    ],
  ] as const) {
    const before = eventsOf(server, "console_refused").length;
    await act(server, agent, path, fields);
    const { records } = await server.store.findAudit(
      { name: "console_refused" },
      { order: "oldest", limit: 50 },
    );
    assert.equal(records.length, before + 1, path);
    assert.equal(eventsOf(server, "console_refused").length, before + 1, path);
    const {
      actor,
      outcome,
      reason,
      facts,
      address,
      resource: about,
      client: app,
    } = records.at(-1) ?? assert.fail();
    assert.deepEqual(actor, { kind: "operator", id: account?.subject, how: "console" });
    assert.deepEqual([outcome, typeof address], ["refused", "string"]);
    assert.deepEqual(
      { reason, detail: facts.detail, resource: about, client: app },
      { resource: undefined, client: undefined, ...told },
    );
  }
});

test("a question, a page that is looked at, an act that is done and a sign-in that is asked for refuse nothing", async () => {
  const before = eventsOf(server, "console_refused").length;
  await openConsole(server, agent, "/person?subject=user_nobody");
  const identifier = "https://short.example/mcp";
  await act(server, agent, "/servers/new", { identifier, scopes: "" });
  const id = shortIdOf(canonicalResource(identifier));
  await act(server, agent, "/server", { id, act: "remove" });
  server.clock.advance(5 * 60 + 1);
  const asked = await act(server, agent, "/server", { id, act: "remove", confirmed: "yes" });
  assert.ok(isAgain(asked));
  await signInAgain(agent, asked);
  await act(server, agent, "/server", { id, act: "remove", confirmed: "yes" });
  assert.equal(await server.store.findResource(canonicalResource(identifier)), undefined);
  assert.equal(eventsOf(server, "console_refused").length, before);
});

test("who is no administrator, and whoever forges a form, writes no such record", async () => {
  const before = eventsOf(server, "console_refused").length;
  const body = new URLSearchParams({ subject: "user_nobody", act: "block", confirmed: "yes" });
  const headers = { origin: server.issuer, "sec-fetch-site": "same-origin" };
  const stranger = await new UserAgent().request(`${server.url}/console/person`, {
    method: "POST",
    body,
    headers,
  });
  assert.equal(stranger.status, 404);
  const forged = await agent.request(`${server.url}/console/person`, { method: "POST", body, headers });
  assert.ok(forged.status >= 400 && forged.status < 500, `${forged.status}`);
  assert.equal(eventsOf(server, "console_refused").length, before);
});
