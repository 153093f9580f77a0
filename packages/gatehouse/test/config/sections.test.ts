import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { runProgram } from "../../src/commands/program.ts";
import { loadConfig } from "../../src/config/config.ts";
import { aFolder, errorsOf } from "./config-file.ts";

const credential = `gatehouse_rs_${"a1".repeat(20)}`;

const briefly = (errors: ReturnType<typeof errorsOf>) =>
  errors.map(({ variable, place }) => `${/\d+:\d+$/.exec(place ?? "")?.[0]} ${variable}`);

test("a section is read with its secrets from their files, and knows where each of its values stands", (t) => {
  const folder = aFolder(t, { secret: `${credential}\n` });
  const yaml = `resources:
  - identifier: https://Notes.Example/mcp
    credential: { file: "${join(folder, "secret")}" }
    scopes:
      - { name: "notes:read", sentence: Read your notes }
`;
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const { sections, placeOf } = loadConfig({ environment: {}, configPath }, "command");
  assert.deepEqual(sections.resources, [
    {
      identifier: "https://notes.example/mcp",
      credential,
      scopes: [{ name: "notes:read", sentence: "Read your notes" }],
    },
  ]);
  assert.equal(sections.clients, undefined);
  assert.equal(placeOf("resources", [0, "scopes", 0, "name"]), `${configPath}:5:17`);
  // Of what is not there, the place where it would be.
  assert.equal(placeOf("resources", [0, "name"]), `${configPath}:2:5`);
});

test("every error in a section is told in one run with its place, what was found and what is expected", (t) => {
  const errors = errorsOf(
    t,
    `server:
  prot: 1
resources:
  - identifier: ftp://notes.example
    nmae: Notes
    credential: hunter2
    scopes:
      - { name: "a b", sentence: 5, optoinal: true }
  - identifier: https://other.example/mcp
    credential: { file: /nowhere }
    scopes: read
  - 5
clients:
  - id: dashboard
    auth_method: password
    redirect_uris: []
`,
  );
  assert.deepEqual(briefly(errors).sort(), [
    "10:17 resources[1].credential",
    "11:13 resources[1].scopes",
    "12:5 resources[2]",
    "15:18 clients[0].auth_method",
    "16:20 clients[0].redirect_uris",
    "2:3 server.prot",
    "4:17 resources[0].identifier",
    "5:5 resources[0].nmae",
    "6:17 resources[0].credential",
    "8:17 resources[0].scopes[0].name",
    "8:34 resources[0].scopes[0].sentence",
    "8:37 resources[0].scopes[0].optoinal",
  ]);
  const told = new Map(errors.map((error) => [error.variable, error]));
  assert.match(told.get("resources[0].nmae")?.expected ?? "", /^resources\[0\]\.name: did you mean that\?$/);
  assert.match(told.get("resources[0].scopes[0].optoinal")?.expected ?? "", /scopes\[0\]\.optional: did/);
  assert.match(told.get("resources[0].credential")?.found ?? "", /^a text$/);
  assert.match(told.get("resources[1].credential")?.found ?? "", /nowhere", which does not exist/);
  assert.match(told.get("clients[0].auth_method")?.expected ?? "", /^one of none, client_secret_basic/);
  assert.match(told.get("resources[0].scopes[0].sentence")?.expected ?? "", /a text; in quotes/);
  assert.doesNotMatch(JSON.stringify(errors), /hunter2/);
});

test("what contradicts itself in a section is told where it stands", (t) => {
  const errors = errorsOf(
    t,
    `resources:
  - identifier: https://notes.example/mcp
    credential: ${credential}
    scopes: [{ name: a }, { name: a }, { name: b, default: true, optional: true }]
  - identifier: https://NOTES.example:443/mcp
    credential: ${credential}
clients:
  - id: a
    auth_method: none
    secret: ${credential}
    redirect_uris: ["https://a.example/cb", "http://a.example/cb"]
  - id: a
    auth_method: client_secret_basic
    redirect_uris: ["https://a.example/cb"]
`,
  );
  assert.deepEqual(briefly(errors), [
    "4:35 resources[0].scopes[1].name",
    "4:76 resources[0].scopes[2].optional",
    "5:17 resources[1].identifier",
    "6:17 resources[1].credential",
    "10:13 clients[0].secret",
    "11:45 clients[0].redirect_uris[1]",
    "12:9 clients[1].id",
    "12:5 clients[1].secret",
  ]);
  assert.doesNotMatch(JSON.stringify(errors), new RegExp(credential));
});

test("aliases, prototypes and repeated keys deep in a section harm nobody", (t) => {
  const bomb = ["a0: &a0 [x, x]"];
  for (let level = 1; level < 10; level++)
    bomb.push(`a${level}: &a${level} [${`*a${level - 1}, `.repeat(9)}]`);
  for (const [yaml, found] of [
    [`resources:\n${bomb.map((line) => `  - ${line}`).join("\n")}\n`, /very many aliases/],
    [`resources: &r [*r]\n`, /very many/],
    [`resources: ${"[".repeat(40)}${"]".repeat(40)}\n`, /very many values one within the other/],
    [`resources: ${"[".repeat(200)}${"]".repeat(200)}\n`, /very many brackets one within the other/],
    [`resources: [&a [${"1,".repeat(2000)}], ${"*a, ".repeat(60)}]\n`, /very many values/],
    [`resources:\n  - { identifier: x, __proto__: { credential: y } }\n`, /cannot be one/],
    [`resources:\n  - { identifier: x, constructor: y }\n`, /cannot be one/],
    [`resources:\n  - { 1: x, "1": y }\n`, /second time/],
    [`resources:\n  - { name: x, name: y }\n`, /second time/],
    [`resources:\n  - { name: x, Name: y }\n`, /nothing reads/],
    [`resources:\n  - !!js/function x\n`, /tag/],
  ] as const) {
    const errors = errorsOf(t, yaml);
    assert.ok(
      errors.some((error) => found.test(error.found)),
      `${yaml.slice(0, 80)}: ${JSON.stringify(errors).slice(0, 300)}`,
    );
  }
  assert.equal(Reflect.get({}, "credential"), undefined);
});

test("config show prints each value of a section with its place, and of a secret only that it is set", async (t) => {
  const folder = aFolder(t, { secret: `${credential}\n` });
  const yaml = `clients:
  - id: a
    auth_method: client_secret_basic
    secret: { file: "${join(folder, "secret")}" }
    redirect_uris: ["https://a.example/cb", "https://b.example/cb"]
  - { id: b, auth_method: client_secret_basic, secret: ${credential}, redirect_uris: ["https://c.example/"] }
`;
  const configPath = join(aFolder(t, { "gatehouse.yaml": yaml }), "gatehouse.yaml");
  const printed = await shown(t, ["--config", configPath, "config", "show", "--json"]);
  const { settings } = JSON.parse(printed) as {
    settings: { setting: string; value: string; from: string }[];
  };
  const sections = settings.filter(({ setting }) => setting.startsWith("clients"));
  assert.deepEqual(
    sections.map(({ setting, value }) => `${setting} ${value}`),
    [
      "clients[0].id a",
      "clients[0].auth_method client_secret_basic",
      "clients[0].secret set",
      "clients[0].redirect_uris https://a.example/cb, https://b.example/cb",
      "clients[1].id b",
      "clients[1].auth_method client_secret_basic",
      "clients[1].secret set",
      "clients[1].redirect_uris https://c.example/",
    ],
  );
  assert.equal(sections[2]?.from, `${configPath}:4:13 (the file ${join(folder, "secret")})`);
  assert.doesNotMatch(printed, new RegExp(credential));
});

async function shown(_t: TestContext, args: readonly string[]): Promise<string> {
  const lines: string[] = [];
  const shell = {
    environment: {},
    clock: { now: () => 0 as never },
    random: { bytes: (count: number) => Buffer.alloc(count) },
    account: () => ({ name: "tester", uid: undefined, host: "here" }),
    standBack: () => undefined,
    readInput: async () => "",
    confirm: () => undefined,
    askLine: async () => undefined,
    print: (line: string) => void lines.push(line),
    complain: () => undefined,
  };
  assert.equal(await runProgram(args, shell), 0);
  return lines.join("\n");
}
