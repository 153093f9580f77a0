import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { microsoft, tenant } from "../identity/shapes/microsoft.ts";
import { type Player, play } from "../identity/shapes/player.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  introspect,
  redeem,
  resource,
  type TestClient,
} from "../support/oauth-client.ts";
import { type Arrival, UserAgent } from "../support/user-agent.ts";

/* A company's tenant of Microsoft Entra as gatehouse.yaml configures it, from the redirect to the token. */

const [staff] = microsoft.person.groups ?? [];
let entra: Player;
let server: TestGatehouse;
let client: TestClient;
let credential: string;
let folder: string;

before(async () => {
  entra = await play(microsoft, "http://localhost/callback/work");
  folder = await mkdtemp(join(tmpdir(), "gatehouse-entra-"));
  await writeFile(join(folder, "secret"), entra.upstream.clientSecret, { mode: 0o600 });
  const path = join(folder, "gatehouse.yaml");
  await writeFile(
    path,
    `providers:
  - name: work
    preset: microsoft
    host: ${new URL(entra.upstream.issuer).origin}
    tenant: ${tenant}
    client_id: ${entra.upstream.clientId}
    client_secret: { file: ${join(folder, "secret")} }
    domains: [corp.example]
    trust_email: true
access:
  sign_in:
    - allow: { group: ["${staff}"] }
`,
  );
  server = await startTestGatehouse({ GATEHOUSE_CONFIG: path, ALLOWED_DOMAINS: "example.com" });
  credential = await server.addResource(resource);
  await server.store.changeResource(canonicalResource(resource), { claims: ["name", "groups"] });
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  await entra?.upstream.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  entra.bend = { idToken: { xms_edov: undefined } };
});

const page = (agent: UserAgent) => agent.follow(authorizationUrl(server, client, { provider: "work" }));

async function approve(agent: UserAgent, consent: Arrival) {
  const end = await agent.submit(consent, { decision: "approve" }, ({ port }) => port === "33418");
  return redeem(server, client, end.url.searchParams.get("code") ?? "");
}

test("somebody of the tenant gets a token, and the MCP server learns address, name and groups", async () => {
  const agent = new UserAgent();
  const { body } = await approve(agent, await page(agent));
  const told = await introspect(server, String(body.access_token), credential);
  assert.deepEqual(
    [told.username, told.name, told.groups],
    ["ada@corp.example", "Ada Lovelace", [`work:${staff}`]],
    JSON.stringify(told),
  );
  const [account] = await server.store.listAccounts();
  assert.deepEqual([account?.issuer, account?.provider], [entra.upstream.issuer, "work"]);
  const asked = agent.visited.find(({ url }) => url.startsWith(entra.upstream.issuer))?.url ?? "";
  assert.equal(new URL(asked).searchParams.get("resource"), null, "Entra refuses requests that have one");
});

test("a guest, and somebody in more groups than a token holds, read why they may not, and the operator what to do", async () => {
  entra.bend = { idToken: { xms_edov: undefined, acct: 1 } };
  const guest = await page(new UserAgent());
  assert.equal(guest.response.status, 403);
  assert.match(guest.html, /address of this account is not verified/);
  assert.match(server.log.join(""), /a guest's, whose address trust_email does not vouch for/);

  entra.bend = { idToken: { xms_edov: undefined, groups: undefined, hasgroups: true } };
  const agent = new UserAgent();
  const overage = await page(agent);
  // Wherever the rules stop it.
  if (overage.response.status !== 403)
    assert.equal((await approve(agent, overage)).body.access_token, undefined);
  assert.match(server.log.join(""), /Groups assigned to the application/);
});
