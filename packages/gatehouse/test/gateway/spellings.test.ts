import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "../../src/gateway/messages/judge.ts";
import { createPermissions } from "../../src/gateway/permissions/permissions.ts";
import { errorCodes, RefusedCallError } from "../../src/gateway/refusal.ts";
import type { Bearer } from "../../src/oauth/grants/bearer.ts";
import type { ResourceIdentifier } from "../../src/oauth/values.ts";
import { type Parser, parsersHere, type Ran } from "./parsers/parsers.ts";

const permissions = createPermissions(
  {
    address: "https://auth.example.com/mcp" as ResourceIdentifier,
    scopes: [],
    list: "obtainable",
    permissions: {
      tools: { "delete_*": "notes:write", "*": "notes:read" },
      prompts: { "delete_*": "notes:write", "*": "notes:read" },
      resources: { "notes://secret*": "notes:write", "*": "notes:read" },
    },
  },
  {
    insufficientScope: () =>
      new RefusedCallError({ status: 403, code: errorCodes.insufficientScope, message: "" }),
  },
  () => undefined,
);
const reader = { scopes: ["notes:read"] } as unknown as Bearer;

/** What goes on to a server for somebody who may only read; else the status of the refusal. */
function statusOf(body: string): number {
  try {
    permissions.check(judge(Buffer.from(body), ["Content-Type", "application/json"]), reader);
    return 200;
  } catch (error) {
    if (error instanceof RefusedCallError) return error.refused.status;
    throw error;
  }
}

/** Fails when a server would run anything that needs more than reading. */
async function assertHarmless(parser: Parser, bodies: readonly string[]): Promise<void> {
  const ran = await parser.read(bodies);
  assert.equal(ran.length, bodies.length);
  ran.forEach((each, index) => {
    const harm = each.find(([kind, name]) => isForWriters(kind, name));
    assert.equal(harm, undefined, `a server in ${parser.language} runs ${harm} for ${bodies[index]}`);
  });
}

function isForWriters(kind: Ran[0], name: string): boolean {
  return kind === "resource" ? /^notes:\/*secret/i.test(name) : /^delete_/i.test(name);
}

const call = (members: string) => `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{${members}}}`;

test("W-n7 names twice, in other cases, with marks that cannot be seen: servers in JavaScript, Python and Go run nothing unpermitted", async (t) => {
  const attacks = [
    '{"id":1,"method":"tools/list","method":"tools/call","params":{"name":"delete_note"}}',
    '{"id":1,"method":"tools/list","Method":"tools/call","params":{"name":"delete_note"}}',
    '{"id":1,"method":"tools/call","params":{"name":"read"},"params":{"name":"delete_note"}}',
    '{"id":1,"method":"tools/call","params":{"name":"read"},"param\\u017f":{"name":"delete_note"}}',
    call('"name":"read","n\\u0061me":"delete_note"'),
    call('"n\\u0061me":"delete_note","name":"read"'),
    call('"name":"read","Name":"delete_note"'),
    call('"name":"read","name\\u0000":"delete_note"'),
    call('"name":"read","__proto__":{"name":"delete_note"}'),
    call('"__proto__":{"name":"delete_note"}'),
    call('"name":"read","arguments":{},"NAME":"delete_note"'),
    '[{"id":1,"method":"tools/list","METHOD":"tools/call","params":{"name":"delete_note"}}]',
    '{"id":1,"method":"subscriptions/listen","params":{"notifications":{"resource_subscriptions":["notes://secret"]}}}',
  ];
  const plain = call('"name":"delete_note"');
  const parsers = parsersHere(t);
  for (const parser of parsers) {
    const [ran = []] = await parser.read([plain]);
    assert.ok(
      ran.some(([, name]) => name === "delete_note"),
      `${parser.language} would run it`,
    );
    const all = (await parser.read(attacks)).flat();
    assert.ok(
      all.some(([kind, name]) => isForWriters(kind, name)),
      `${parser.language} falls for one at least`,
    );
  }
  assert.equal(statusOf(plain), 403);
  for (const attack of attacks) assert.equal(statusOf(attack), 400, attack);

  const bodies = madeUpBodies(20_000);
  const passed = bodies.filter((body) => statusOf(body) === 200);
  assert.ok(passed.length > 2000, `${passed.length} went on`);
  for (const parser of parsers) await assertHarmless(parser, passed);
});

test("W-n9 names and URIs in other spellings never run with too little on servers that fold names", async (t) => {
  const names = [
    "Delete_note",
    "delete_note ",
    "\\tdelete_note",
    "ｄelete_note",
    "del\\u200bete_note",
    "DELETE_NOTE",
    "\\u00addelete_note",
    "delete\\uff3fnote",
    "\\ufeffdelete_x",
  ];
  const uris = [
    "notes://a/../secret",
    "notes://%73ecret",
    "notes://x/%2e%2e/secret",
    "notes://%2573ecret",
    "NOTES://secret",
    "notes://./secret",
    "notes:///secret",
    "notes://a/..%2fsecret",
  ];
  const attacks = [
    ...names.map((name) => call(`"name":"${name}"`)),
    ...names.map((name) => `{"id":1,"method":"prompts/get","params":{"name":"${name}"}}`),
    ...uris.map((uri) => `{"id":1,"method":"resources/read","params":{"uri":"${uri}"}}`),
    ...uris.map(
      (uri) =>
        `{"id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":["notes://a","${uri}"]}}}`,
    ),
  ];
  for (const parser of parsersHere(t)) {
    const fallsFor = (await parser.read(attacks)).filter((ran) =>
      ran.some(([kind, name]) => isForWriters(kind, name)),
    );
    assert.ok(fallsFor.length > attacks.length / 2, `${parser.language} folds ${fallsFor.length}`);
  }
  for (const attack of attacks) assert.equal(statusOf(attack), 403, attack);
  for (const plain of [
    call('"name":"Read_Note"'),
    '{"id":1,"method":"resources/read","params":{"uri":"notes://%61/b"}}',
  ]) {
    assert.equal(statusOf(plain), 200, plain);
  }
});

/** Bodies out of pieces that parsers are known to differ in, the same ones each time. */
function madeUpBodies(count: number): string[] {
  let state = 5;
  const random = (limit: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const oneOf = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  /** Mostly as it should be. */
  const spelled = (name: string) => {
    const at = random(name.length);
    const letter = name[at] ?? "";
    const escaped = (replacement: string) => name.slice(0, at) + replacement + name.slice(at + 1);
    return oneOf([
      ...Array(80).fill(name),
      escaped(letter.toUpperCase()),
      escaped(`\\u00${letter.charCodeAt(0).toString(16)}`),
      escaped(`${letter}\\u200b`),
      escaped(letter === "s" ? "\\u017f" : String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
      `${name}\\u0000`,
      `${name} `,
      ` ${name}`,
    ]) as string;
  };
  const methods = [
    "tools/call",
    "tools/list",
    "prompts/get",
    "resources/read",
    "completion/complete",
    "subscriptions/listen",
  ];
  const name = () => `"${spelled(oneOf(["read_note", "read_note", "delete_note"]))}"`;
  const uri = () =>
    `"${spelled(oneOf(["notes://a", "notes://a/b", "notes://a/../secret", "notes://secret"]))}"`;
  const member = (key: string, value: string) => `"${spelled(key)}":${value}`;
  const several = (make: () => string) => `{${Array.from({ length: 1 + random(3) }, make).join(",")}}`;
  const ref = () =>
    several(() =>
      oneOf([
        member("type", oneOf(['"ref/prompt"', '"ref/resource"'])),
        member("name", name()),
        member("uri", uri()),
      ]),
    );
  const listening = () => `{${member("resourceSubscriptions", `[${uri()},${uri()}]`)}}`;
  const param = (): string =>
    oneOf([
      () => member("name", name()),
      () => member("name", name()),
      () => member("uri", uri()),
      () => member("uri", uri()),
      () => member("ref", ref()),
      () => member("notifications", listening()),
      () => member("arguments", several(param)),
      () =>
        member(
          "_meta",
          several(() => member("progressToken", name())),
        ),
      () => member("__proto__", several(param)),
      () => member("x", oneOf(["1", "null", "[]", '{"name":"delete_note"}'])),
    ])();
  return Array.from({ length: count }, () => {
    const members = [
      member("id", "1"),
      member("method", `"${spelled(oneOf(methods))}"`),
      member("params", several(param)),
    ];
    if (random(6) === 0) members.push(member("method", `"${oneOf(methods)}"`));
    if (random(6) === 0) members.push(member("params", several(param)));
    if (random(3) === 0) members.reverse();
    const body = `{${members.join(",")}}`;
    return random(10) === 0 ? `[${body},${call('"name":"read_note"')}]` : body;
  });
}
