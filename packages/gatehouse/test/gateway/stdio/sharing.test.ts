import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { HeaderFields } from "../../../src/gateway/call.ts";
import { defaultIdentityHeaders } from "../../../src/gateway/protected-server.ts";
import { childEnvironment, inheritedEnvironment } from "../../../src/gateway/stdio/environment.ts";
import { aFolder } from "../../config/config-file.ts";
import { aSession, messagesOf, modernCall, modernPost, toolCall, until } from "./support/calls.ts";
import { aChild, aStdioDoor, fasterTime } from "./support/stdio-door.ts";

/** How often a child was started that notes its pid there. */
function startsIn(file: string): number {
  try {
    return readFileSync(file, "utf8").trim().split("\n").length;
  } catch {
    return 0;
  }
}

const aPidFile = (t: TestContext) => join(aFolder(t, {}), "pids");

const fieldsOf = (more: HeaderFields = []): HeaderFields => [
  "X-Gatehouse-Subject",
  "alice",
  "X-Gatehouse-Email",
  "alice@example.com",
  "x-gatehouse-groups",
  "a,b",
  "X-Gatehouse-Groups-Omitted",
  "true",
  "X-Gatehouse-Client",
  "editor",
  "X-Gatehouse-Scope",
  "notes:read",
  "User-Agent",
  "$(id)",
  "Path",
  "/evil",
  ...more,
];

test("W59 a command runs without a shell, in an environment of a few variables, those listed, and who it is for", async (t) => {
  const secret = "our-own-secret-which-no-child-may-see";
  const inherited = inheritedEnvironment({
    PATH: "/usr/bin:/bin",
    HOME: "/home/us",
    LANG: "C",
    SHELL: "() { :; }; echo it ran",
    SECRET_KEY: secret,
    SQL_URL: secret,
    NODE_OPTIONS: secret,
  });
  assert.deepEqual(inherited, { PATH: "/usr/bin:/bin", HOME: "/home/us", LANG: "C" });

  const door = await aStdioDoor(t, {
    command: [...aChild("legacy", "/dev/null"), "", "$(echo it ran)", "a b; echo it ran", "`id`"],
    inherited,
    environment: { NOTES: "where they are", HOME: "/srv/notes" },
  });
  const session = await aSession(door);
  const seen = JSON.parse(await session.call("environment")) as Record<string, string>;
  assert.deepEqual(seen, {
    PATH: "/usr/bin:/bin",
    HOME: "/srv/notes",
    LANG: "C",
    NOTES: "where they are",
    X_GATEHOUSE_SUBJECT: "alice",
    X_GATEHOUSE_EMAIL: "alice@example.com",
    X_GATEHOUSE_NAME: "alice",
    X_GATEHOUSE_CLIENT: "editor",
    X_GATEHOUSE_SCOPE: "notes:read",
  });
  const given = JSON.parse(await session.call("arguments")) as string[];
  assert.deepEqual(given.slice(-4), ["", "$(echo it ran)", "a b; echo it ran", "`id`"]);

  const listed = { inherited: { PATH: "/bin" }, environment: { NOTES: "x" } };
  const told = (audience: Parameters<typeof childEnvironment>[2], headers = defaultIdentityHeaders) =>
    childEnvironment(listed, headers, audience, fieldsOf());
  const person = {
    ...listed.inherited,
    ...listed.environment,
    X_GATEHOUSE_SUBJECT: "alice",
    X_GATEHOUSE_EMAIL: "alice@example.com",
    X_GATEHOUSE_GROUPS: "a,b",
    X_GATEHOUSE_GROUPS_OMITTED: "true",
  };
  assert.deepEqual(told("person"), person);
  assert.deepEqual(told("client"), { ...person, X_GATEHOUSE_CLIENT: "editor" });
  const all = { ...person, X_GATEHOUSE_CLIENT: "editor", X_GATEHOUSE_SCOPE: "notes:read" };
  assert.deepEqual(told("session"), all);
  assert.deepEqual(told("everybody"), { PATH: "/bin", NOTES: "x" });
  // A header called as a variable that programs live by does not become it.
  assert.equal(told("person", { ...defaultIdentityHeaders, name: "Path" }).PATH, "/bin");
});

test("W60 there is a child for each session, for each person and client, for each person, or one for all, as configured", async (t) => {
  const who = ["alice/editor", "alice/browser", "bob/editor"];
  /** Which of the six share a child: by session twice for each, and by modern request. */
  const sharing = async (per: "session" | "person" | "process") => {
    const door = await aStdioDoor(t, { command: aChild("both"), per, maxChildrenPerPerson: 10 });
    const pids = async (call: (token: string) => Promise<string>) => {
      const seen: string[] = [];
      for (const token of who) for (let time = 0; time < 2; time++) seen.push(await call(token));
      const distinct = [...new Set(seen)];
      return seen.map((pid) => distinct.indexOf(pid)).join("");
    };
    const legacy = await pids(async (token) => (await aSession(door, token)).call("pid"));
    const modern = await pids((token) => modernCall(door, "pid", {}, { token }));
    await door.close();
    return [legacy, modern];
  };
  const [session, person, everybody] = await Promise.all([
    sharing("session"),
    sharing("person"),
    sharing("process"),
  ]);
  assert.deepEqual(session, ["012345", "001122"]);
  assert.deepEqual(person, ["000011", "000011"]);
  assert.deepEqual(everybody, ["000000", "000000"]);
});

test("W67 a person has five children, all have fifty, and whoever wants more is told when to come again", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), maxChildren: 7 });
  const mine = [await aSession(door), await aSession(door), await aSession(door), await aSession(door)];
  assert.ok(await modernCall(door, "pid"), "of either era");
  const refused = await modernPost(door, "tools/call", { name: "pid" }, { token: "alice/another" });
  assert.equal(refused.status, 503);
  assert.match(refused.headers.get("retry-after") ?? "", /^\d+$/);
  assert.equal((await messagesOf(refused))[0]?.error?.code, -32015);
  assert.match((await mine[0]?.call("pid")) ?? "", /^\d+$/, "what runs goes on");
  await aSession(door, "bob/editor");
  await aSession(door, "carol/editor");
  const beyond = await modernPost(door, "tools/call", { name: "pid" }, { token: "dave/editor" });
  assert.deepEqual([beyond.status, (await messagesOf(beyond))[0]?.error?.code], [503, -32015]);
  await fetch(door.url, {
    method: "DELETE",
    headers: { authorization: "Bearer alice/editor", "mcp-session-id": mine[1]?.id ?? "" },
  });
  await until(
    async () => (await modernPost(door, "tools/call", { name: "pid" }, { token: "dave/editor" })).ok,
  );

  // The first answer is waited for, and no longer.
  const silent = await aStdioDoor(t, { command: aChild("silent") }, fasterTime(60));
  const waiting = performance.now();
  const late = await silent.post(`{"jsonrpc":"2.0","id":"start","method":"initialize","params":{}}`);
  assert.deepEqual([late.status, (await messagesOf(late))[0]?.error?.code], [504, -32011]);
  assert.ok(performance.now() - waiting >= 60_000 / 60 - 1);
  assert.match(JSON.stringify(silent.log), /does not answer/);
});

test("a person's own child that has been quiet for a minute makes room for another one", async (t) => {
  const door = await aStdioDoor(t, { maxChildrenPerPerson: 2, firstAnswerMs: 1e6 }, fasterTime(100));
  const [first, second] = [await aSession(door), await aSession(door)];
  await until(async () => {
    await second.call("pid"); // is in use
    const start = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`;
    return (await door.post(start)).ok;
  });
  assert.equal((await first.post(toolCall("pid"))).status, 404);
  assert.ok(await second.call("pid"));
});

test("W-n31 whoever initializes in a loop gets five children, and the others still get theirs", async (t) => {
  const file = aPidFile(t);
  const door = await aStdioDoor(t, { command: aChild("legacy", file) });
  const start = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`;
  const answers = await Promise.all(Array.from({ length: 25 }, () => door.post(start, {}, "eve/loop")));
  const statuses = answers.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [...Array(5).fill(200), ...Array(20).fill(503)]);
  assert.equal(startsIn(file), 5);
  assert.ok(await (await aSession(door, "alice/editor")).call("pid"));
  const again = await door.post(start, {}, "eve/loop");
  assert.equal(again.status, 503);
});

test("W-n37 what looks like a command in a tool's name, a session id or a User-Agent is seen by no shell", async (t) => {
  const folder = aFolder(t, {});
  const proof = join(folder, "it-ran");
  const door = await aStdioDoor(t, { folder });
  const session = await aSession(door);
  for (const evil of [`$(touch ${proof})`, `; touch ${proof}`, `\`touch ${proof}\``, `| touch ${proof}`]) {
    const headers = { "user-agent": evil, "mcp-session-id": session.id };
    const call = await door.post(toolCall(evil, { [evil]: evil }), headers);
    assert.equal((await messagesOf(call))[0]?.error?.message, "Unknown tool");
    const foreign = await door.post(toolCall("pid"), { "mcp-session-id": evil });
    assert.equal(foreign.status, 404);
    await aSession(door, `${evil.replaceAll(/[^a-z]/g, "")}x/client`);
  }
  assert.throws(() => readFileSync(proof), /ENOENT/);
});
