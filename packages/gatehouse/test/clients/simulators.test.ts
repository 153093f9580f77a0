import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type KnownClient, knownClients } from "../../src/oauth/clients/known-clients.ts";
import { english } from "../../src/pages/words.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { type Answer, introspect, type Tokens } from "../support/oauth-client.ts";
import { UserAgent } from "../support/user-agent.ts";
import { everyClient } from "./every-client.ts";
import type { ClientFixture } from "./fixture.ts";
import { addOperatorsClient, publishDocument } from "./known-before.ts";
import { type Identity, resourceOf, SimulatedClient } from "./simulate.ts";

for (const fixture of everyClient) describe(fixture.name, () => behave(fixture));

function behave(fixture: ClientFixture) {
  let folder: string;
  let server: TestGatehouse;
  let client: SimulatedClient;
  let resourceCredential: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "gatehouse-documents-"));
    const key = await publishDocument(fixture, join(folder, "client.json"));
    server = await startTestGatehouse({ CIMD_DOCUMENTS: folder });
    resourceCredential = await server.addResource(resourceOf(fixture), { mcp: "Use your notes" });
    await addOperatorsClient(server, fixture);
    client = new SimulatedClient(server, fixture, key);
  });
  after(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("connects at the first try", async () => {
    const { identity, tokens } = await client.connect();

    assert.ok(tokens.expires_in > 300, "field notes §4.8");
    assert.match(tokens.scope ?? "", /^mcp( offline_access)?$/);
    assert.ok(tokens.refresh_token);
    await isGood(tokens, identity);
  });

  test("signs in again later, from wherever it listens then", async () => {
    const { identity } = await client.connect();
    const again = await identifyLater(client, identity);
    assert.equal((await client.signIn(again)).status, 200);
  });

  if (fixture.identity.by === "registration") {
    const { metadata } = fixture.identity;
    test("is told what it registered, and nothing empty", async () => {
      const [callback] = fixture.callbacks;
      const { status, body } = await client.register(callback);
      assert.equal(status, 201);
      isEchoed(metadata(callback), body);
    });
  }

  if (fixture.refresh !== undefined) {
    const { early } = fixture.refresh;

    test("stays connected for as long as it refreshes", async () => {
      let { identity, tokens } = await client.connect();
      for (let time = 1; time <= 2; time++) {
        server.clock.advance(tokens.expires_in - early + 1);
        tokens = await refreshed(identity, tokens);
        await isGood(tokens, identity);
      }
    });

    test("survives a refresh whose answer is lost", async () => {
      const { identity, tokens } = await client.connect();
      const lost = await refreshed(identity, tokens);
      const got = await refreshed(identity, tokens);
      assert.equal(got.refresh_token, lost.refresh_token, "the same successor: no second lineage");
      await isGood(await refreshed(identity, got), identity);
    });

    test("survives a refresh whose answer is lost, and a night before it tries again", async () => {
      const { identity, tokens } = await client.connect();
      const lost = await refreshed(identity, tokens);
      server.clock.advance(12 * 3600);
      const got = await refreshed(identity, tokens);
      assert.notEqual(got.refresh_token, lost.refresh_token, "the one that never came is skipped");
      await isGood(await refreshed(identity, got), identity);
    });

    test("is told when its refresh token is no good, in a way it understands", async () => {
      const { identity, tokens } = await client.connect();
      isError(await client.refresh(identity, `${tokens.refresh_token}x`), 400, "invalid_grant");
      await isGood(await refreshed(identity, tokens), identity);
    });

    test("recovers when the server has forgotten it", async () => {
      const { identity, tokens } = await client.connect();
      await server.store.removeClient(identity.clientId as Parameters<typeof server.store.removeClient>[0]);
      isError(await client.refresh(identity, tokens.refresh_token), 401, "invalid_client");
      // A document needs no record; the others are a dead end for the person, who must not be sent anywhere
      // (field notes 1.9).
      if (fixture.identity.by !== "document") await isPage(identity);
      await addOperatorsClient(server, fixture);
      const again = await client.connect();
      await isGood(await refreshed(again.identity, again.tokens), again.identity);
    });
  }

  if (fixture.revocation !== undefined) {
    test("signs out", async () => {
      const { identity, tokens } = await client.connect();
      for (const { status } of await client.revoke(identity, tokens)) assert.equal(status, 200);
      assert.equal((await introspect(server, tokens.access_token)).active, false);
      isError(await client.refresh(identity, tokens.refresh_token), 400, "invalid_grant");
    });
  }

  async function refreshed(identity: Identity, tokens: Tokens): Promise<Tokens> {
    const answer = await client.refresh(identity, tokens.refresh_token);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as unknown as Tokens;
  }

  /** As the MCP server sees it. */
  async function isGood(tokens: Tokens, { clientId }: Identity) {
    const seen = await introspect(server, tokens.access_token, resourceCredential);
    assert.equal(seen.active, true);
    assert.equal(seen.aud, resourceOf(fixture));
    assert.equal(seen.client_id, clientId);
    assert.ok(String(seen.scope).split(" ").includes("mcp"));
  }

  /** How much of the fixture's name is this client's. */
  const isNamed = ({ name }: KnownClient) =>
    fixture.name.toLowerCase().startsWith(name.toLowerCase()) ? name.length : 0;

  async function isPage(identity: Identity) {
    const browser = new UserAgent();
    const { response, html } = await client.openAuthorization(identity, browser);
    assert.equal(browser.visited.length, 1, "redirected nowhere");
    assert.equal(response.status, 400);
    assert.match(response.headers.get("content-type") ?? "", /^text\/html/);
    const [, heading = ""] = /<h1>([^<]*)<\/h1>/.exec(html) ?? [];
    assert.match(heading, /does not know/);
    // What to do is told for this client, and no other one's name stands above it.
    const [own, ...others] = knownClients.toSorted((a, b) => isNamed(b) - isNamed(a));
    if (own !== undefined && isNamed(own) > 0)
      assert.ok(html.includes(english.resets[own.name].slice(0, 30)), html);
    for (const { name } of others) assert.ok(!heading.includes(`this ${name} any`), heading);
  }
}

function identifyLater(client: SimulatedClient, first: Identity): Promise<Identity> | Identity {
  const { identity, callbacks } = client.fixture;
  const [, callback] = callbacks;
  const keeps = identity.by !== "registration" || identity.keeps;
  return keeps ? { ...first, callback } : client.identify(callback);
}

/** Field notes, rules (a) and (f). */
function isError({ status, headers, body }: Answer, expected: number, error: string) {
  assert.deepEqual([status, body.error], [expected, error]);
  assert.match(headers.get("content-type") ?? "", /^application\/json/);
  assert.equal(typeof body.error_description, "string");
}

/**
 * Field notes, rule (a): every accepted member as it was sent, but scopes that nobody knows; what is empty is
 * left out (1.28).
 */
function isEchoed(sent: Readonly<Record<string, unknown>>, answer: Answer["body"]) {
  for (const [name, value] of Object.entries(answer)) {
    assert.ok(value !== null && value !== "" && !(Array.isArray(value) && value.length === 0), name);
  }
  for (const [name, value] of Object.entries(sent)) {
    assert.deepEqual(answer[name], value === "" ? undefined : value, name);
  }
  assert.ok(answer.client_id && answer.client_id_issued_at);
}
