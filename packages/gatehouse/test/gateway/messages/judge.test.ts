import assert from "node:assert/strict";
import { test } from "node:test";
import { type Asked, idToAnswer } from "../../../src/gateway/messages/asked.ts";
import { judge, judgeBodiless } from "../../../src/gateway/messages/judge.ts";
import { RefusedCallError } from "../../../src/gateway/refusal.ts";

const json = ["Content-Type", "application/json"];
const modern = "2026-07-28";
const claim = `"_meta":{"io.modelcontextprotocol/protocolVersion":"${modern}"}`;

test("says what a call asks for, and leaves its arguments unread", () => {
  const asked = asks(
    '{"jsonrpc":"2.0","id":1e2,"params":{"arguments":{"name":"a","name":"b"},"_meta":{"progressToken":"t"},"name":"re\\u0061d"},"method":"tools/call"}',
  );
  assert.deepEqual(
    { ...asked.messages[0], arguments: asked.messages[0]?.arguments?.toString() },
    {
      kind: "request",
      id: "1e2",
      method: "tools/call",
      targets: [{ kind: "tool", name: "read" }],
      progressToken: '"t"',
      arguments: '{"name":"a","name":"b"}',
      claimedRevision: undefined,
      mirroredName: "read",
      problem: undefined,
    },
  );
  assert.equal(asked.isBatch, false);
});

test("knows the targets of each method that has some, and of no other", () => {
  const targets = (method: string, params: string) =>
    asks(`{"id":1,"method":"${method}","params":${params}}`).messages[0]?.targets;
  assert.deepEqual(targets("prompts/get", '{"name":"p"}'), [{ kind: "prompt", name: "p" }]);
  for (const method of ["resources/read", "resources/subscribe"]) {
    assert.deepEqual(targets(method, '{"uri":"a://b"}'), [{ kind: "resource", name: "a://b" }]);
  }
  assert.deepEqual(targets("completion/complete", '{"ref":{"type":"ref/prompt","name":"p"}}'), [
    { kind: "prompt", name: "p" },
  ]);
  assert.deepEqual(targets("completion/complete", '{"ref":{"type":"ref/resource","uri":"a://{b}"}}'), [
    { kind: "resource", name: "a://{b}" },
  ]);
  assert.deepEqual(
    targets("subscriptions/listen", '{"notifications":{"resourceSubscriptions":["a:b","c:d"]}}'),
    [
      { kind: "resource", name: "a:b" },
      { kind: "resource", name: "c:d" },
    ],
  );
  assert.deepEqual(targets("subscriptions/listen", '{"notifications":{"toolsListChanged":true}}'), []);
  assert.deepEqual(targets("tools/list", "null"), []);
  assert.deepEqual(targets("resources/subscribe", "{}"), [], "what is missing is the server's to tell");
  assert.deepEqual(targets("completion/complete", "{}"), []);
  assert.equal(
    refusalOf('{"id":1,"method":"completion/complete","params":{"ref":{"type":"ref/tool","name":"a"}}}')
      ?.code,
    -32600,
  );
  assert.deepEqual(targets("anything/else", '{"name":"x","uri":"y"}'), []);
});

test("tells the revisions before 2026-07-28 from those since, by header and body", () => {
  const list = (params = "{}") => `{"id":1,"method":"tools/list","params":${params}}`;
  const modernHeaders = ["MCP-Protocol-Version", modern, "Mcp-Method", "tools/list"];
  assert.equal(asks(list()).era, "legacy");
  assert.equal(asks(list(), ["MCP-Protocol-Version", "2025-11-25"]).era, "legacy");
  assert.equal(asks(list(`{${claim}}`), modernHeaders).era, "modern");
  assert.equal(asks(list(), modernHeaders).era, "modern", "by the header alone");
  assert.equal(
    asks('{"id":1,"method":"initialize","params":{"protocolVersion":"2026-07-28"}}').era,
    "legacy",
  );
  assert.equal(judgeBodiless([]).era, "legacy");
  assert.equal(judgeBodiless(["mcp-protocol-version", modern]).era, "modern");
});

test("tells requests, notifications and responses apart", () => {
  const kind = (body: string) => asks(body).messages[0]?.kind;
  assert.equal(kind('{"id":"1","method":"ping"}'), "request");
  assert.equal(kind('{"method":"notifications/initialized"}'), "notification");
  assert.equal(kind('{"id":1,"result":{"method":"x","result":1}}'), "response");
  assert.equal(kind('{"id":null,"error":{"code":1,"message":""}}'), "response");
});

test("repeats a request's id in the refusal, and of a batch none", () => {
  const refusedId = (body: string) => refusalOf(body)?.id;
  assert.equal(refusedId('{"params":{"name":1},"id":"a\\u0062","method":"tools/call"}'), '"a\\u0062"');
  assert.equal(refusedId('[{"params":{"name":1},"id":7,"method":"tools/call"}]'), undefined);
  assert.equal(idToAnswer(asks('{"id":1.50,"method":"ping"}')), "1.50");
  assert.equal(idToAnswer(asks('[{"id":1,"method":"ping"}]')), "null");
  assert.equal(idToAnswer(asks('{"method":"notifications/initialized"}')), "null");
});

test("W54 a batch is read whole: 1 to 50 messages, no batch in it, and none since 2025-06-18", () => {
  const batch = (size: number) => `[${Array(size).fill('{"id":1,"method":"ping"}').join(",")}]`;
  assert.equal(asks(batch(50)).messages.length, 50);
  assert.ok(asks(batch(1)).isBatch);
  assert.equal(asks(batch(2), ["MCP-Protocol-Version", "2025-03-26"]).messages.length, 2);
  for (const revision of ["2025-06-18", "2025-11-25", modern]) {
    assert.equal(refusalOf(batch(2), ["MCP-Protocol-Version", revision])?.code, -32600);
  }
  assert.equal(refusalOf(batch(51))?.code, -32600);
  assert.equal(refusalOf("[]")?.code, -32600);
  assert.equal(refusalOf(`[${batch(1)}]`)?.code, -32600);
  assert.equal(refusalOf(`[{"id":1,"method":"tools/list","params":{${claim}}}]`)?.code, -32600);
});

test("W55 takes one JSON text in UTF-8 whose deciding strings all parsers read alike", () => {
  const call = (name: string) => `{"id":1,"method":"tools/call","params":{"name":${name}}}`;
  for (const bad of ['"a\\ud800"', '"a\\u0000"', "1", "null", '["a"]', '{"a":1}']) {
    assert.deepEqual(codes(refusalOf(call(bad))), [400, -32600], bad);
  }
  assert.deepEqual(codes(refusalOf('{"id":1,"method":["tools/call"]}')), [400, -32600]);
  assert.deepEqual(
    codes(refusalOf('{"id":1,"method":"resources/read","params":{"uri":"a\\u0000"}}')),
    [400, -32600],
  );
  assert.deepEqual(codes(refusalOf('{"id":1,"method":"tools/call","params":["x"]}')), [400, -32600]);
  assert.deepEqual(
    codes(refusalOf(`{"id":1,"method":"x","params":{"a":${"[".repeat(63)}${"]".repeat(63)}}}`)),
    [400, -32600],
  );
  assert.ok(asks(`{"id":1,"method":"x","params":{"a":${"[".repeat(62)}${"]".repeat(62)}}}`));
  for (const text of ["", "{", call('"a"').repeat(2), `\ufeff${call('"a"')}`, "NaN", "undefined"]) {
    assert.deepEqual(codes(refusalOf(text)), [400, -32700], text);
  }
  for (const bytes of [Buffer.from(call('"a"'), "utf16le"), Buffer.from(call('"é"'), "latin1")]) {
    assert.deepEqual(codes(refusalOf(bytes)), [400, -32700]);
  }
  for (const text of [
    "1",
    '"tools/call"',
    "null",
    "{}",
    '{"id":1}',
    '{"id":[],"method":"x"}',
    '{"id":null,"method":"x"}',
  ]) {
    assert.deepEqual(codes(refusalOf(text)), [400, -32600], text);
  }
});

test("W56 refuses each name twice, and each that only looks like one the door reads", () => {
  const at = {
    top: (members: string) => `{"id":1,"method":"tools/call","params":{"name":"read"},${members}}`,
    params: (members: string) => `{"id":1,"method":"tools/call","params":{"name":"read",${members}}}`,
    meta: (members: string) => `{"id":1,"method":"ping","params":{"_meta":{"progressToken":1,${members}}}}`,
    ref: (members: string) =>
      `{"id":1,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"a",${members}}}}`,
    notifications: (members: string) =>
      `{"id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":[],${members}}}}`,
  };
  const refused: Readonly<Record<keyof typeof at, readonly string[]>> = {
    top: [
      '"method":"x"',
      '"Method":"x"',
      '"PARAMS":{}',
      '"param\\u017f":{}',
      '"m\\u0065thod":"x"',
      '"method\\u0000":1',
    ],
    params: [
      '"name":"read"',
      '"n\\u0061me":"x"',
      '"Name":"x"',
      '"name\\u0000":"x"',
      '"name\\u0000\\u0000":"x"',
      '"name ":"x"',
      '"ｎame":"x"',
      '"na\\u200bme":"x"',
      '"ARGUMENTS":{}',
      '"Uri":"x"',
      '"__proto__":{}',
      '"x":1,"X":2',
      '"\\u212a":1,"k":2',
      '"_Meta":{}',
      '"meta":{}',
    ],
    meta: [
      '"progressToken":2',
      '"progresstoken":2',
      '"IO.modelcontextprotocol/protocolVersion":"2026-07-28"',
    ],
    ref: ['"Name":"b"', '"type":"ref/resource"', '"URI":"x"'],
    notifications: ['"resource_subscriptions":["x"]', '"ResourceSubscriptions":["x"]'],
  };
  for (const [place, list] of Object.entries(refused)) {
    const body = at[place as keyof typeof at];
    assert.ok(asks(body('"other":{"name":1,"Name":2,"name":3}')), place);
    for (const members of list)
      assert.deepEqual(codes(refusalOf(body(members))), [400, -32600], `${place} ${members}`);
  }
  assert.equal(refusalOf('{"id":1,"method":"Tools/Call","params":{"name":"a"}}')?.code, -32600);
  assert.equal(refusalOf('{"id":1,"method":"tools/call ","params":{"name":"a"}}')?.code, -32600);
});

test("W57 header fields that contradict the body end the call, and so do missing ones of a modern request", () => {
  const call = (method = "tools/call") => `{"id":1,"method":"${method}","params":{"name":"délete",${claim}}}`;
  const encoded = `=?base64?${Buffer.from("délete").toString("base64")}?=`;
  const revision = ["MCP-Protocol-Version", modern];
  const method = ["Mcp-Method", "tools/call"];
  const name = ["Mcp-Name", encoded];
  assert.equal(asks(call(), [...revision, ...method, ...name]).era, "modern");
  for (const fields of [
    [...method, ...name],
    [...revision, ...name],
    [...revision, ...method],
    ["MCP-Protocol-Version", "2025-11-25", ...method, ...name],
    ["MCP-Protocol-Version", "2027-01-01", ...method, ...name],
    [...revision, "Mcp-Method", "tools/list", ...name],
    [...revision, "Mcp-Method", "Tools/Call", ...name],
    [...revision, ...method, "Mcp-Name", "read"],
    [...revision, ...method, "Mcp-Name", "=?base64?cmVhZA==?="],
    [...revision, ...method, "Mcp-Name", `${encoded.slice(0, -3)}?=`],
    [...revision, ...method, "Mcp-Name", "=?base64?/w==?="],
    [...revision, ...method, ...name, ...name],
    [...revision, ...method, ...name, "mcp-name", "read"],
  ]) {
    assert.deepEqual(codes(refusalOf(call(), fields)), [400, -32020], fields.join(" "));
  }
  const initialize = '{"id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}';
  assert.equal(refusalOf(initialize, [...revision, "Mcp-Method", "initialize"])?.code, -32020);
  const listen = `{"method":"notifications/cancelled","params":{${claim}}}`;
  assert.equal(asks(listen, revision).era, "modern", "of a notification they may be missing");
  const task = `{"id":1,"method":"tasks/get","params":{"taskId":"t",${claim}}}`;
  assert.equal(refusalOf(task, [...revision, "Mcp-Method", "tasks/get", "Mcp-Name", "u"])?.code, -32020);
});

test("W-n8 `Mcp-Name: read_note` over a body that calls `delete_note` is refused, in each era and spelling", () => {
  const body = '{"id":1,"method":"tools/call","params":{"name":"delete_note"}}';
  const sentinel = `=?base64?${Buffer.from("read_note").toString("base64")}?=`;
  for (const fields of [
    ["Mcp-Name", "read_note"],
    ["Mcp-Name", sentinel],
    ["mcp-name", "delete_note", "MCP-NAME", "delete_note"],
    ["Mcp-Name", "read_note", "Mcp-Name", "delete_note"],
    ["Mcp-Method", "tools/list"],
  ]) {
    assert.deepEqual(codes(refusalOf(body, fields)), [400, -32020], fields.join(" "));
  }
});

test("W-n11 huge bodies are refused at once", () => {
  const names = Array.from({ length: 1_000_000 }, (_, index) => `"n${index}":1`).join(",");
  const attacks: readonly [string, string | Buffer][] = [
    ["depth 100,000", `{"id":1,"method":"x","params":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
    ["10 MB of [", Buffer.alloc(10_000_000, "[")],
    ["a number of 1 MB", `{"id":1,"method":"x","params":{"a":${"9".repeat(1_000_000)}}}`],
    ["an id of 1 MB", `{"id":${"9".repeat(1_000_000)},"method":"x"}`],
    ["a million names", `{"id":1,"method":"x","params":{${names}}}`],
    ["a name of 1 MB", `{"id":1,"method":"tools/call","params":{"name":"${"\u00df".repeat(500_000)}"}}`],
    ["a member's name of 1 MB", `{"id":1,"method":"x","params":{"${"n".repeat(1_000_000)}":1}}`],
    [
      "a million URIs",
      `{"id":1,"method":"subscriptions/listen","params":{"notifications":{"resourceSubscriptions":[${Array(1_000_000).fill('"a:b"')}]}}}`,
    ],
  ];
  for (const [name, body] of attacks) {
    const bytes = Buffer.from(body);
    const took = cpuOf(() => assert.equal(refusalOf(bytes)?.status, 400, name));
    assert.ok(took < 100_000, `${name}: ${took} µs of CPU`);
  }
});

/** Microseconds of computing, the fewest of four times: some have in them what else the process does. */
function cpuOf(work: () => void): number {
  const all = [1, 2, 3, 4].map(() => {
    const began = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(began);
    return user + system;
  });
  return Math.min(...all);
}

test("to judge a body of 1 MB takes about as long as to parse it", () => {
  const bodies = [
    JSON.stringify("x".repeat(1_000_000)),
    JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ name: `n${index}`, index, "é\n": null }))),
    `[${Array(16_000).fill("[".repeat(30) + "]".repeat(30))}]`,
  ].map((value) =>
    Buffer.from(`{"id":1,"method":"tools/call","params":{"name":"x","arguments":{"a":${value}}}}`),
  );
  const cpuOfAll = (work: (body: Buffer) => unknown) =>
    cpuOf(() => {
      for (const body of bodies) for (let round = 0; round < 4; round++) work(body);
    });
  const judged = cpuOfAll((body) => judge(body, json));
  const parsed = cpuOfAll((body) => JSON.parse(body.toString()));
  assert.ok(judged < 3 * parsed, `${judged} µs against ${parsed} µs`);
});

test("W-n12 what is not said to be JSON, or not in UTF-8, is no call", () => {
  const body = '{"id":1,"method":"ping"}';
  for (const type of [
    "text/plain",
    "application/json; charset=utf-16",
    "application/json;charset=latin1",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded",
    "application/jsonp",
    "application/json, text/plain",
    "",
  ]) {
    assert.equal(refusalOf(body, [], ["Content-Type", type])?.status, 415, type);
  }
  assert.equal(refusalOf(body, [], [])?.status, 415);
  for (const type of [
    "application/json; charset=utf-8",
    'Application/JSON;charset="UTF-8"',
    "application/json;x=y",
  ]) {
    assert.ok(asks(body, [], ["content-type", type]), type);
  }
});

function asks(body: string, fields: readonly string[] = [], type: readonly string[] = json): Asked {
  return judge(Buffer.from(body), [...type, ...fields]);
}

function refusalOf(body: string | Buffer, fields: readonly string[] = [], type: readonly string[] = json) {
  try {
    judge(Buffer.from(body), [...type, ...fields]);
  } catch (error) {
    if (error instanceof RefusedCallError) return error.refused;
    throw error;
  }
}

const codes = (refused: ReturnType<typeof refusalOf>) => [refused?.status, refused?.code];
