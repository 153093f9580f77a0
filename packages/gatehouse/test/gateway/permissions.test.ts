import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { aDoor, aServerBehind } from "./support/door.ts";

const guarded = `    scopes:
      - { name: "notes:read", default: true }
      - { name: "notes:write" }
      - { name: "notes:admin" }
    who:
      - allow: { everyone: true }
      - deny: { everyone: true }
        scopes: ["notes:admin"]
    tools: { "read_*": "notes:read", "delete_*": "notes:write", purge: "notes:admin" }
    prompts: { daily: "notes:read", secret: "notes:write" }
    resources: { "notes://*": "notes:read", "notes://secret/*": "notes:write" }
`;

const tools = ["read_note", "delete_note", "purge", "unheard_of"].map((name) => ({ name }));

/** The door of a server that has four tools, for a client that may read. */
async function aGuardedDoor(t: TestContext, answer?: Parameters<typeof aServerBehind>[1], more = "") {
  const behind = await aServerBehind(t, answer);
  const door = await aDoor(t, behind.url, guarded + more);
  return { behind, door };
}

const request = (method: string, params: object = {}) =>
  JSON.stringify({ jsonrpc: "2.0", id: 7, method, params });
const calling = (name: string) => request("tools/call", { name, arguments: {} });

async function refused(answer: Response) {
  const { id, error } = (await answer.json()) as { id: unknown; error: { code: number } };
  const challenge = answer.headers.get("www-authenticate");
  const [, scope] = /scope="([^"]*)"/.exec(challenge ?? "") ?? [];
  return { status: answer.status, code: error.code, id, challenge, scope };
}

test("W49 who lacks the scope of a tool is told what they have and what it needs, and the server nothing", async (t) => {
  const { behind, door } = await aGuardedDoor(t);
  const { access_token: token } = await door.token({ scope: "notes:read offline_access" });
  const { challenge, ...rest } = await refused(await door.call({ token, body: calling("delete_note") }));
  assert.deepEqual(rest, { status: 403, code: -32014, id: 7, scope: "notes:read notes:write" });
  assert.match(challenge ?? "", /^Bearer error="insufficient_scope"/);
  const metadata = `resource_metadata="${door.server.issuer}/.well-known/oauth-protected-resource/mcp"`;
  assert.ok(challenge?.includes(metadata));
  assert.equal(behind.received.length, 0);
  assert.equal((await door.call({ token, body: calling("read_note") })).status, 200);
  const { access_token: more } = await door.token({ scope: rest.scope ?? "" });
  assert.equal((await door.call({ token: more, body: calling("delete_note") })).status, 200);
  assert.equal(behind.received.length, 2);
  assert.equal(behind.received[1]?.body, calling("delete_note"));
});

test("W50 what this person can never get is refused without a challenge, and so is what no rule is about", async (t) => {
  const { behind, door } = await aGuardedDoor(t);
  for (const name of ["purge", "unheard_of", "Read_note"]) {
    const answer = await refused(await door.call({ body: calling(name) }));
    assert.deepEqual([answer.status, answer.code, answer.id, answer.challenge], [403, -32014, 7, null], name);
  }
  assert.equal(behind.received.length, 0);
});

test("W51 every method that names a tool, a resource or a prompt asks for its scope, and every other one for the base scope", async (t) => {
  const { behind, door } = await aGuardedDoor(t);
  const { access_token: token } = await door.token({ scope: "notes:read" });
  const of = (name: string, uri: string, prompt: string) => [
    calling(name),
    request("resources/read", { uri }),
    request("resources/subscribe", { uri }),
    request("prompts/get", { name: prompt }),
    request("completion/complete", { ref: { type: "ref/prompt", name: prompt }, argument: {} }),
    request("completion/complete", { ref: { type: "ref/resource", uri }, argument: {} }),
    request("subscriptions/listen", { notifications: { resourceSubscriptions: ["notes://1", uri] } }),
    JSON.stringify({ jsonrpc: "2.0", method: "tools/call", params: { name } }),
  ];
  for (const body of of("delete_note", "notes://secret/1", "secret")) {
    const answer = await refused(await door.call({ token, body }));
    assert.deepEqual([answer.status, answer.scope], [403, "notes:read notes:write"], body);
  }
  assert.equal(behind.received.length, 0);
  const allowed = [
    ...of("read_note", "notes://1", "daily"),
    request("tools/list"),
    request("made/up", { name: "delete_note" }),
  ];
  for (const body of allowed) assert.equal((await door.call({ token, body })).status, 200, body);
  assert.equal(behind.received.length, allowed.length);
});

test("methods that the door does not know need the server's base scope", async (t) => {
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url, `${guarded}    base_scope: "notes:write"\n`);
  const { access_token: token } = await door.token({ scope: "notes:read" });
  const answer = await refused(await door.call({ token, body: request("made/up") }));
  assert.deepEqual([answer.status, answer.scope], [403, "notes:read notes:write"]);
  assert.equal(behind.received.length, 0);
});

test("W-n10 a batch with one forbidden call, one within another, and an empty one run nothing", async (t) => {
  const { behind, door } = await aGuardedDoor(t);
  const { access_token: token } = await door.token({ scope: "notes:read" });
  const batch = (bodies: readonly string[]) => `[${bodies.join(",")}]`;
  const many = Array.from({ length: 48 }, () => calling("read_note"));
  const one = await refused(
    await door.call({ token, body: batch([...many, calling("delete_note"), calling("read_note")]) }),
  );
  assert.deepEqual([one.status, one.code, one.id, one.scope], [403, -32014, null, "notes:read notes:write"]);
  const hopeless = await refused(
    await door.call({ token, body: batch([calling("delete_note"), calling("purge")]) }),
  );
  assert.deepEqual([hopeless.status, hopeless.challenge], [403, null]);
  for (const body of ["[]", batch([batch([calling("read_note")])]), batch([...many, ...many])]) {
    assert.equal((await door.call({ token, body })).status, 400, body.slice(0, 100));
  }
  assert.equal(behind.received.length, 0);
  assert.equal((await door.call({ token, body: batch(many) })).status, 200);
});

test("W-n15 a call that goes on, or runs as a task, is judged again: a scope lost meanwhile refuses it", async (t) => {
  const { behind, door } = await aGuardedDoor(t);
  const { access_token: token } = await door.token({ scope: "notes:write" });
  const goesOn = request("tools/call", { name: "delete_note", inputResponses: { a: {} }, requestState: "s" });
  const asTask = request("tools/call", { name: "delete_note", task: { ttl: 60_000 } });
  for (const body of [goesOn, asTask]) assert.equal((await door.call({ token, body })).status, 200);
  await door.server.reload(
    yamlOf(behind.url, guarded.replace('scopes: ["notes:admin"]', 'scopes: ["notes:admin", "notes:write"]')),
  );
  for (const body of [goesOn, asTask]) {
    const answer = await door.call({ token, body });
    assert.ok([401, 403].includes(answer.status), String(answer.status));
  }
  assert.equal(behind.received.length, 2);
});

const yamlOf = (upstream: string, more: string) =>
  `servers:\n  - name: notes\n    path: /mcp\n    upstream: ${upstream}\n${more}`;

/** As a server lists its tools, in a style of its own. */
const listing = (id: number) =>
  `{ "jsonrpc": "2.0", "id": ${id},\n "result": {"tools": [ {"name":"read_note","x":1.0} , {"name":"delete_note"},{"name":"purge"}, {"name":"unheard_of"}, 5, {"title":"none"},{"name":"read_all", "name":"purge"}, {"x":[], "name":"read_\\u0061"}], "nextCursor":"c\\u0031", "ttlMs":1e3,"cacheScope":"public" } }`;
const namesIn = async (answer: Response): Promise<unknown[]> => namesOf(await answer.text());
const namesOf = (text: string): unknown[] =>
  (JSON.parse(text) as { result: { tools: { name?: string }[] } }).result.tools.map((tool) => tool.name);

test("W52 lists show what the person can get, and what is left of them is as the server sent it", async (t) => {
  const stream = (data: string) =>
    `:hi\r\n\r\nid: 4\r\nevent: message\ndata: ${data.replaceAll("\n", "\ndata: ")}\nretry: 5\n\ndata: {"method":"notifications/progress"}\n\n`;
  const { behind, door } = await aGuardedDoor(t, ({ method, headers }, response) => {
    const isStream = method === "GET" || headers["x-stream"] === "1";
    response.setHeader(
      "content-type",
      isStream ? "text/event-stream" : (headers["x-type"] ?? "application/json"),
    );
    response.end(isStream ? stream(listing(7)) : listing(7));
  });
  const body = request("tools/list");
  const left = listing(7)
    .replace(
      /\[ \{"name":"read_note".*(?=, "nextCursor")/s,
      '[{"name":"read_note","x":1.0},{"name":"delete_note"},{"x":[], "name":"read_\\u0061"}]',
    )
    .replace("public", "private");
  assert.equal(await (await door.call({ body })).text(), left);
  assert.equal(await (await door.call({ body, headers: { "x-type": "text/plain" } })).text(), left);
  const batch = await door.call({ body: `[${body}]` });
  assert.equal(await batch.text(), left);
  for (const init of [
    { body, headers: { "x-stream": "1" } },
    { method: "GET", body: null, headers: { "last-event-id": "3" } },
  ]) {
    const events = (await (await door.call(init)).text()).replace(/^:\n\n/, "");
    const expected = `:hi\r\n\r\nid: 4\r\nevent: message\n${left
      .split("\n")
      .map((line) => `data: ${line}\n`)
      .join("")}retry: 5\n\ndata: {"method":"notifications/progress"}\n\n`;
    assert.equal(events, expected);
  }
  // Of other calls nothing is changed.
  assert.equal(await (await door.call({ body: calling("read_note") })).text(), listing(7));
  const upstream = behind.url;
  await door.server.reload(yamlOf(upstream, `${guarded}    list: granted\n`));
  assert.deepEqual(await namesIn(await door.call({ body })), ["read_note", "read_a"]);
  const { access_token: token } = await door.token({ scope: "notes:write" });
  assert.deepEqual(await namesIn(await door.call({ token, body })), ["delete_note"]);
  await door.server.reload(yamlOf(upstream, `${guarded}    list: all\n`));
  assert.equal(await (await door.call({ body })).text(), listing(7));
});

test("resources and prompts are listed by their rules as well, and templates as they are", async (t) => {
  const answers: Record<string, object> = {
    "resources/list": {
      resources: [
        { uri: "notes://1" },
        { uri: "notes://secret/1" },
        { uri: "file:///x" },
        { name: "notes://2" },
      ],
    },
    "prompts/list": { prompts: [{ name: "daily" }, { name: "other" }], cacheScope: "private" },
    "resources/templates/list": { resourceTemplates: [{ uriTemplate: "other://{x}" }], cacheScope: "public" },
  };
  const { door } = await aGuardedDoor(t, ({ body }, response) => {
    const { method } = JSON.parse(body) as { method: string };
    response
      .setHeader("content-type", "application/json")
      .end(JSON.stringify({ id: 7, result: answers[method] }));
  });
  const result = async (method: string) =>
    ((await (await door.call({ body: request(method) })).json()) as { result: object }).result;
  assert.deepEqual(await result("resources/list"), {
    resources: [{ uri: "notes://1" }, { uri: "notes://secret/1" }],
  });
  assert.deepEqual(await result("prompts/list"), { prompts: [{ name: "daily" }], cacheScope: "private" });
  assert.deepEqual(await result("resources/templates/list"), answers["resources/templates/list"]);
});

test("W53 a list that can differ from one person to another is never public, on any page", async (t) => {
  const pages = [
    { tools: tools.slice(0, 1), nextCursor: "2", cacheScope: "public" },
    { tools: tools.slice(2), cacheScope: "public" },
    { tools: [], cacheScope: "Public" },
  ];
  const { door } = await aGuardedDoor(t, ({ body }, response) => {
    const { params } = JSON.parse(body) as { params: { cursor?: number } };
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ id: 7, result: pages[params.cursor ?? 0] }));
  });
  for (const [cursor, page] of pages.entries()) {
    const answer = await door.call({ body: request("tools/list", { cursor }) });
    const { result } = (await answer.json()) as { result: object };
    const seen = page.tools.filter(({ name }) => name === "read_note");
    assert.deepEqual(result, { ...page, tools: seen, cacheScope: "private" });
  }
});

test("W-n39 a list that a server calls public is kept by nobody on its way, and each gets their own", async (t) => {
  const { door } = await aGuardedDoor(
    t,
    (_, response) => {
      for (const [name, value] of [
        ["cache-control", "public, max-age=600"],
        ["age", "5"],
        ["etag", '"1"'],
        ["expires", "Thu, 01 Jan 2099 00:00:00 GMT"],
      ] as const) {
        response.setHeader(name, value);
      }
      response.setHeader("content-type", "application/json").end(listing(7));
    },
    "    list: granted\n",
  );
  const body = request("tools/list");
  const { access_token: writer } = await door.token({ scope: "notes:write" });
  for (const [token, names] of [
    [writer, ["delete_note"]],
    [undefined, ["read_note", "read_a"]],
    [writer, ["delete_note"]],
  ] as const) {
    const answer = await door.call({ body, token });
    assert.equal(answer.headers.get("cache-control"), "private, no-store");
    for (const name of ["age", "etag", "expires"]) assert.equal(answer.headers.get(name), null, name);
    const text = await answer.text();
    assert.deepEqual(namesOf(text), names);
    assert.match(text, /"cacheScope":"private"/);
  }
});

test("W-n13 a request in a coding is refused, and so is a list that unpacks without end, with little of it held", async (t) => {
  const fast = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
  const bomb = brotliCompressSync(Buffer.alloc(300_000_000, 0x20), fast);
  assert.ok(bomb.length < 100_000, String(bomb.length));
  const { behind, door } = await aGuardedDoor(t, ({ headers }, response) => {
    response.setHeader("content-type", "application/json");
    const isBomb = headers["x-bomb"] === "1";
    response.setHeader("content-encoding", isBomb ? "br" : "gzip");
    response.end(isBomb ? bomb : gzipSync(listing(7)));
  });
  const body = request("tools/list");
  const packed = await door.call({ body: gzipSync(body), headers: { "content-encoding": "gzip" } });
  assert.equal(packed.status, 415);
  assert.equal(behind.received.length, 0);
  const unpacked = await door.call({ body });
  assert.equal(behind.received[0]?.headers["accept-encoding"], undefined, "no coding was asked for");
  assert.deepEqual(await namesIn(unpacked), ["read_note", "delete_note", "read_a"]);
  const before = process.memoryUsage.rss();
  const answer = await refused(await door.call({ body, headers: { "x-bomb": "1" } }));
  assert.deepEqual([answer.status, answer.code], [502, -32012]);
  assert.ok(process.memoryUsage.rss() - before < 150_000_000);
});
