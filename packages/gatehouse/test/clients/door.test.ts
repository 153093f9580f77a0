import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { aFolder } from "../config/config-file.ts";
import { aServerBehind } from "../gateway/support/door.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { everyClient } from "./every-client.ts";
import type { ClientFixture, SentParameters } from "./fixture.ts";
import { addOperatorsClient, publishDocument } from "./known-before.ts";
import { send } from "./program.ts";
import { SimulatedClient } from "./simulate.ts";

/*
 * Each known client as it connects to a server that knows nothing of OAuth, through the door in front of it.
 */

const call = `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`;

describe("through a door", async () => {
  const fixtures = everyClient;
  let server: TestGatehouse;
  let behind: Awaited<ReturnType<typeof aServerBehind>>;
  const keys = new Map<ClientFixture, Awaited<ReturnType<typeof publishDocument>>>();
  const ends: (() => void)[] = [];
  // The helpers take a test, whose end is that of all of these.
  const t = { after: (end: () => void) => void ends.push(end) } as unknown as Parameters<typeof aFolder>[0];

  before(async () => {
    behind = await aServerBehind(t);
    const scopes = '[{ name: "mcp", sentence: Use your notes }]';
    const yaml = `servers:\n  - { name: notes, upstream: "${behind.url}", base_scope: mcp, scopes: ${scopes} }\n`;
    const folder = aFolder(t, { "gatehouse.yaml": yaml });
    const documents = aFolder(t, {});
    for (const [index, fixture] of fixtures.entries()) {
      keys.set(fixture, await publishDocument(fixture, join(documents, `${index}.json`)));
    }
    server = await startTestGatehouse({
      GATEHOUSE_CONFIG: join(folder, "gatehouse.yaml"),
      CIMD_DOCUMENTS: documents,
    });
    for (const fixture of fixtures) await addOperatorsClient(server, fixture);
  });
  after(async () => {
    await server?.stop();
    for (const end of ends) end();
  });

  for (const fixture of fixtures) {
    test(`${fixture.name} connects, and calls with a token that never gets to the server`, async () => {
      const address = `${server.issuer}/mcp`;
      const client = new SimulatedClient(server, pointedAt(fixture, address), keys.get(fixture));
      const { identity, tokens } = await client.connect();
      const used = async (token: string) => {
        const { length } = behind.received;
        const answer = await send(`${server.url}/mcp`, {
          method: "POST",
          headers: {
            ...fixture.headers,
            accept: "application/json, text/event-stream",
            "content-type": "application/json",
            "mcp-protocol-version": "2025-06-18",
            authorization: `Bearer ${token}`,
          },
          body: call,
        });
        assert.equal(answer.status, 200, answer.text);
        const [received, ...more] = behind.received.slice(length);
        assert.deepEqual([received?.body, more], [call, []]);
        assert.doesNotMatch(JSON.stringify(received), new RegExp(token));
      };
      await used(tokens.access_token);
      if (fixture.refresh === undefined) return;
      const refreshed = await client.refresh(identity, tokens.refresh_token);
      assert.equal(refreshed.status, 200, refreshed.text);
      await used(String(refreshed.body.access_token));
    });
  }
});

/** The same client, with the door's address in the place of its usual server's. */
function pointedAt(fixture: ClientFixture, address: string): ClientFixture {
  const at = (parameters: SentParameters): SentParameters =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, value]) => {
        if (name !== "resource" && name !== "audience") return [name, value];
        return [name, typeof value === "string" ? address : value.map(() => address)];
      }),
    );
  const { authorization, redemption, refresh } = fixture;
  return {
    ...fixture,
    authorization: at(authorization),
    redemption: at(redemption),
    ...(refresh && { refresh: { ...refresh, parameters: at(refresh.parameters) } }),
  };
}
