import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Account } from "../../../src/oauth/records.ts";
import { describeAs } from "../../support/described.ts";
import { exchange } from "../../support/raw-exchange.ts";
import { aDoor, aServerBehind, type Received, type TestDoor } from "../support/door.ts";

async function aNotesDoor(t: TestContext, more = "") {
  const behind = await aServerBehind(t);
  const door = await aDoor(t, behind.url, more);
  return { behind, door };
}

/** Every field of a name, however often it came. */
function allOf({ rawHeaders }: Received, name: string): string[] {
  return rawHeaders.filter(
    (_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name.toLowerCase(),
  );
}

/** The names that begin so, in lower case. */
function namesBeginning({ rawHeaders }: Received, start: string): string[] {
  return rawHeaders
    .filter((_, at) => at % 2 === 0)
    .map((name) => name.toLowerCase())
    .filter((name) => name.startsWith(start));
}

/** A POST with fields written byte by byte. */
async function sendRaw(door: TestDoor, headers: readonly (readonly [string, string])[], body = ping) {
  const { access_token: token } = await door.token();
  const { port, host } = new URL(door.server.url);
  return exchange(Number(port), {
    method: "POST",
    target: "/mcp",
    headers: [
      ["Host", host],
      ["Content-Type", "application/json"],
      ["Authorization", `Bearer ${token}`],
      ["Content-Length", String(body.length)],
      ["Connection", "close"],
      ...headers,
    ],
    body,
  });
}

const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

async function toldOf(door: TestDoor, behind: { received: Received[] }, over: Partial<Account>) {
  await describeAs(door.server, over);
  assert.equal((await door.call()).status, 200);
  return behind.received.at(-1) ?? assert.fail();
}

test("W36 the server is told who calls, by this request's token, and of what is not known nothing", async (t) => {
  const { behind, door } = await aNotesDoor(t, "    scopes: [{ name: notes:read }, { name: notes:write }]\n");
  const [account] = await door.server.store.findAccounts("alice@example.com");
  const plain = await toldOf(door, behind, { name: undefined, groups: undefined });
  assert.equal(plain.headers["x-gatehouse-subject"], account?.subject);
  assert.equal(plain.headers["x-gatehouse-email"], "alice@example.com");
  assert.equal(plain.headers["x-gatehouse-client"], door.client.id);
  assert.equal(plain.headers["x-gatehouse-scope"], "notes:read notes:write");
  assert.deepEqual(namesBeginning(plain, "x-gatehouse"), [
    "x-gatehouse-subject",
    "x-gatehouse-email",
    "x-gatehouse-client",
    "x-gatehouse-scope",
  ]);
  const known = await toldOf(door, behind, { name: "Alice", groups: ["admins", "readers"] });
  assert.equal(known.headers["x-gatehouse-name"], "Alice");
  assert.equal(known.headers["x-gatehouse-groups"], "admins,readers");
  const { access_token: token } = await door.token({ scope: "notes:read" });
  await door.call({ token });
  assert.equal(behind.received.at(-1)?.headers["x-gatehouse-scope"], "notes:read");
});

test("W35 tokens and cookies stay at the door, in whatever field, and stand in no log", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const { access_token: token } = await door.token();
  await door.call({
    token,
    headers: {
      "proxy-authorization": `Bearer ${token}`,
      dpop: "a-proof",
      cookie: "session=of-the-person",
      http_authorization: token,
      "x-other": "stays",
    },
  });
  const { rawHeaders = [] } = behind.received[0] ?? {};
  assert.ok(rawHeaders.includes("stays"));
  for (const secret of [token, "a-proof", "of-the-person"]) {
    assert.ok(!rawHeaders.some((text) => text.includes(secret)), secret);
  }
  assert.equal((await fetch(`${door.address}?access_token=${token}`, { method: "POST" })).status, 401);
  assert.equal(behind.received.length, 1);
  assert.ok(!door.server.log.some((line) => line.includes(token)));
});

test("W38 what names hold that is no visible ASCII is percent-encoded, and groups keep their commas apart", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const name = "Zoë 100% 漢\ud800";
  const { headers } = await toldOf(door, behind, { name, groups: ["a b", "c,d", "plain"] });
  assert.equal(headers["x-gatehouse-name"], "Zo%C3%AB%20100%25%20%E6%BC%A2%EF%BF%BD");
  assert.equal(decodeURIComponent(String(headers["x-gatehouse-name"])), name.toWellFormed());
  assert.equal(headers["x-gatehouse-groups"], "a%20b,c%2Cd,plain");
});

test("W39 groups that do not fit into 8 KiB are left out whole, and it is said so", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const fitting = Array.from({ length: 300 }, (_, at) => `group-number-${at}`);
  const all = await toldOf(door, behind, { groups: fitting });
  assert.deepEqual(String(all.headers["x-gatehouse-groups"]).split(","), fitting);
  assert.equal(all.headers["x-gatehouse-groups-omitted"], undefined);
  const tooMany = await toldOf(door, behind, { groups: [...fitting, ...fitting, ...fitting] });
  assert.equal(tooMany.headers["x-gatehouse-groups"], undefined);
  assert.equal(tooMany.headers["x-gatehouse-groups-omitted"], "true");
  assert.equal(tooMany.headers["x-gatehouse-email"], "alice@example.com");
});

test("W-n23 no name and no group makes another header or another member", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const name = "Eve\r\nX-Gatehouse-Groups: admin";
  const groups = ["a,admins", "100%2Cadmin", "\nadmin", ""];
  const received = await toldOf(door, behind, { name, groups });
  assert.deepEqual(allOf(received, "x-gatehouse-name"), ["Eve%0D%0AX-Gatehouse-Groups:%20admin"]);
  const [told = "", ...others] = allOf(received, "x-gatehouse-groups");
  assert.deepEqual(others, []);
  assert.deepEqual(told.split(",").map(decodeURIComponent), groups.slice(0, 3));
  const many = Array.from({ length: 5000 }, (_, at) => `g${at}`);
  const omitted = await toldOf(door, behind, { name, groups: many });
  assert.deepEqual(allOf(omitted, "x-gatehouse-groups"), []);
});

test("W37 nothing from outside can be taken for what the door says, also by servers that fold names", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const names = [
    "X-Gatehouse-Subject",
    "x-gatehouse-anything",
    "X_GATEHOUSE_EMAIL",
    "x.gatehouse.email",
    "HTTP_X_GATEHOUSE_GROUPS",
    "http-x-gatehouse-groups-omitted",
    "XGatehouseAssertion",
    "X--Gate__house-Name",
    "Mcp_Session_Id",
    "last_event_id",
  ];
  const answer = await sendRaw(door, [
    ...names.map((name) => [name, "forged"] as const),
    ["X-Gate", "stays"],
  ]);
  assert.equal(answer.status, 200);
  const { rawHeaders = [] } = behind.received[0] ?? {};
  assert.ok(!rawHeaders.includes("forged"), rawHeaders.join());
  assert.ok(rawHeaders.includes("stays"));
});

test("W-n1 a forged identity in any spelling, twice, folded or as a trailer leaves one value, the door's", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const forged = "admin@example.com";
  const spellings = ["X_Gatehouse_Email", "x-gatehouse.email", "X-GATEHOUSE-EMAIL", "HTTP_X_GATEHOUSE_EMAIL"];
  for (const name of spellings) {
    const twice = await sendRaw(door, [
      [name, forged],
      [name, forged],
    ]);
    assert.equal(twice.status, 200, name);
    const received = behind.received.at(-1) ?? assert.fail();
    assert.deepEqual(allOf(received, "x-gatehouse-email"), ["alice@example.com"], name);
    assert.ok(!received.rawHeaders.includes(forged), name);
  }
  const before = behind.received.length;
  const foldedLine = await sendRaw(door, [["X-Other", `1\r\n X-Gatehouse-Email: ${forged}`]]);
  assert.equal(foldedLine.status, 400);
  assert.equal(behind.received.length, before);
  const { access_token: token } = await door.token();
  const { port, host } = new URL(door.server.url);
  const length = ping.length.toString(16);
  await exchange(Number(port), {
    method: "POST",
    target: "/mcp",
    headers: [
      ["Host", host],
      ["Content-Type", "application/json"],
      ["Authorization", `Bearer ${token}`],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "close"],
    ],
    body: `${length}\r\n${ping}\r\n0\r\nX-Gatehouse-Email: ${forged}\r\n\r\n`,
  });
  const trailed = behind.received.at(-1) ?? assert.fail();
  assert.equal(behind.received.length, before + 1);
  assert.deepEqual(allOf(trailed, "x-gatehouse-email"), ["alice@example.com"]);
});

test("fields that Connection names take none of the door's own away", async (t) => {
  const { behind, door } = await aNotesDoor(t);
  const answer = await sendRaw(door, [
    ["Connection", "close, X-Gatehouse-Subject, X-Gatehouse-Email, Authorization"],
  ]);
  assert.equal(answer.status, 200);
  const { headers } = behind.received[0] ?? assert.fail();
  assert.equal(headers["x-gatehouse-email"], "alice@example.com");
  assert.ok(headers["x-gatehouse-subject"]);
  assert.equal(headers.authorization, undefined);
});
