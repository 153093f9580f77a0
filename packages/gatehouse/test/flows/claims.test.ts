import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { describeAs } from "../support/described.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import { aPublicClient, introspect, resource, tokensFor } from "../support/oauth-client.ts";

let server: TestGatehouse;
let credential: string;
let token: string;
const identifier = canonicalResource(resource);

before(async () => {
  server = await startTestGatehouse();
  credential = await server.addResource(resource);
  token = (await tokensFor(server, await aPublicClient(server))).access_token;
});
after(() => server.stop());

test("V38 a resource is told name and groups where it lists them, nobody else is, and by default nobody", async () => {
  await describeAs(server, { name: "Alice", groups: ["admins", "a b"] });
  const told = async (by = credential) => {
    const { name, groups, active } = await introspect(server, token, by);
    assert.equal(active, true);
    return { name, groups };
  };
  const nothing = { name: undefined, groups: undefined };
  assert.deepEqual(await told(), nothing);
  await server.store.changeResource(identifier, { claims: ["groups"] });
  for (const _ of [1, 2]) assert.deepEqual(await told(), { name: undefined, groups: ["admins", "a b"] });
  await server.store.changeResource(identifier, { claims: ["name", "groups"] });
  assert.deepEqual(await told(), { name: "Alice", groups: ["admins", "a b"] });
  assert.deepEqual(await told(server.introspectionToken), nothing);
  await describeAs(server, { name: undefined, groups: undefined });
  const answer = await introspect(server, token, credential);
  assert.ok(!("groups" in answer), "unknown is not the same as none");
  await describeAs(server, { groups: [] });
  assert.deepEqual(await told(), { name: undefined, groups: [] });
  const other = await server.addResource("https://other.example.com/mcp");
  await server.store.changeResource(canonicalResource("https://other.example.com/mcp"), { claims: ["name"] });
  assert.deepEqual(await introspect(server, token, other), { active: false });
});

test("a resource that the file declares is told what stands there", async () => {
  const declared = (claims: string) => `resources:
  - identifier: https://declared.example.com/mcp
    credential: gatehouse_rs_${"0".repeat(32)}
${claims}`;
  const claims = async () =>
    (await server.store.findResource(canonicalResource("https://declared.example.com/mcp")))?.claims;
  await server.reload(declared("    claims: [groups, name]\n"));
  assert.deepEqual(await claims(), ["name", "groups"]);
  await server.reload(declared(""));
  assert.equal(await claims(), undefined);
});
