import assert from "node:assert/strict";
import { test } from "node:test";
import { accessRulesOf } from "../../src/config/sections/access-rules.ts";
import { shortIdOf } from "../../src/oauth/resource.ts";
import type { ResourceIdentifier } from "../../src/oauth/values.ts";
import { errorsOf } from "./config-file.ts";
import { oneLine, production, serversIn } from "./servers.ts";

test("scopes that are listed are all there are; where none is listed, those that are named are", (t) => {
  const { servers } = serversIn(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    base_scope: base
    tools: { "delete_*": write, "*": read }
    prompts: { "*": read }
`,
  );
  assert.deepEqual(
    servers[0]?.scopes.map(({ name }) => name),
    ["base", "write", "read"],
  );
  const errors = errorsOf(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    scopes: [{ name: read }, { name: read }, { name: b, default: true, optional: true }]
    base_scope: [read, base]
    tools: { "delete_*": wirte, "*": read }
    resources: { "x://*": other }
    who:
      - { allow: { everyone: true }, scopes: [admin] }
`,
    production,
  );
  assert.deepEqual(oneLine(errors), [
    "4:38 servers[0].scopes[1].name: the same as another",
    "4:82 servers[0].scopes[2].optional: true beside default: true",
    '5:24 servers[0].base_scope[1]: "base"',
    '6:26 servers[0].tools.delete_*: "wirte"',
    '7:27 servers[0].resources.x://*: "other"',
    "9:47 servers[0].who[0].scopes[0]: admin",
  ]);
});

test("two rules that are equally close to one tool and ask for different scopes are an error, with its line", (t) => {
  const errors = errorsOf(
    t,
    `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    tools: { "get_*": read, "list_*": write, "*": read }
    prompts:
      "daily_*": read
      "*_notes": write
      Note: read
      note: write
`,
  );
  assert.deepEqual(oneLine(errors), [
    '7:18 servers[0].prompts.*_notes: "write" for what "daily_*" gives "read" for as well',
    '9:13 servers[0].prompts.note: "write" for what "Note" gives "read" for as well',
  ]);
});

test("who may use a server is said beside it or under access:, never both, and rules under access: know its scopes", (t) => {
  const server = `servers:
  - name: notes
    upstream: http://127.0.0.1:3000/mcp
    scopes: [{ name: read }, { name: write }]
`;
  const who = `${server}    who:
      - { allow: { domain: [Example.com] } }
      - { allow: { everyone: true }, scopes: [read] }
`;
  const address = "https://auth.example.com/mcp";
  for (const key of [address, shortIdOf(address as ResourceIdentifier)]) {
    const access = (scope: string) =>
      `access:\n  resources:\n    ${key}: [{ allow: { everyone: true }, scopes: [${scope}] }]\n`;
    const [error, ...more] = errorsOf(t, who + access("read"), production);
    assert.deepEqual([error?.variable, more], ["servers[0].who", []]);
    assert.deepEqual(errorsOf(t, server + access("read"), production), []);
    const [unknown] = errorsOf(t, server + access("raed"), production);
    assert.match(unknown?.expected ?? "", /^a scope of it: read, write$/);
  }
  const rules = accessRulesOf(serversIn(t, who));
  assert.equal(rules?.signIn, undefined);
  assert.deepEqual(rules?.resources.get(address), [
    { effect: "allow", match: { domain: ["example.com"] }, name: "servers[0].who[0]" },
    { effect: "allow", match: { everyone: true }, name: "servers[0].who[1]", scopes: ["read"] },
  ]);
});
