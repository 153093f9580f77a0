import assert from "node:assert/strict";
import { test } from "node:test";
import { aSession, messagesOf, modernCall, modernPost, toolCall } from "./support/calls.ts";
import { aChild, aStdioDoor } from "./support/stdio-door.ts";

/** A call that a parser and printer in between would have changed. */
const peculiar = (id: string) =>
  `{"jsonrpc": "2.0",\n  "id" : ${id} ,\r\n"method":"tools/call",\t"params":{"name":"lines",\n"arguments":` +
  `{"z":1.0,"a":1e400,"big":9007199254740993,"text":"\u2028 \\u2028 \\n é","z2":{"10":1,"9":2}}}\n}`;

test("W63 a message is one line of the child's input, and nothing in it changes but the line breaks", async (t) => {
  const door = await aStdioDoor(t);
  const session = await aSession(door);
  const body = peculiar("9007199254740993");
  const [answer] = await messagesOf(await session.post(body));
  const lines = JSON.parse(answer?.result?.content?.[0]?.text ?? "") as string[];
  assert.equal(lines.at(-1), body.replaceAll("\n", " ").replaceAll("\r", " "));
  assert.equal(lines.length, 3, "initialize, initialized, and this");

  // The other way too: an answer reaches the client as the child wrote it.
  const written = `{"result":{"z":1.0,"a":1e400,"big":9007199254740993,"t":"\\u2028"}, "id":8,"jsonrpc":"2.0"}`;
  const raw = await session.post(toolCall("print", { lines: [written] }, { id: "8" }));
  assert.equal(await raw.text(), written);

  // Over 10 MB without an end: it is no use to wait for one.
  const tooLong = await session.post(toolCall("long", { bytes: 10_000_001 }));
  assert.equal(tooLong.status, 502);
  const [error] = await messagesOf(tooLong);
  assert.equal(error?.error?.code, -32010);
  assert.equal(error?.id, 7);
  assert.match(JSON.stringify(door.log), /a line of over 10000000 bytes/);
  assert.equal((await session.post(toolCall("pid"))).status, 404);
});

test("W-n36 line separators, breaks between tokens and long numbers reach a shared child in one line with the same digits", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "process" });
  const session = await aSession(door);
  const text = await messagesOf(await session.post(peculiar("9007199254740993")));
  assert.equal(text[0]?.id, 9007199254740992, "which is what JavaScript reads of the id that was sent");
  const lines = JSON.parse(text[0]?.result?.content?.[0]?.text ?? "") as string[];
  const number = /"id" : ([0-9]+) /.exec(lines.at(-1) ?? "")?.[1] ?? "";
  assert.equal(lines.at(-1), peculiar(number).replaceAll("\n", " ").replaceAll("\r", " "));
  const raw = await (await session.post(peculiar("9007199254740993"))).text();
  assert.match(raw, /"id":9007199254740993[,}]/, "the client gets its id back as it sent it");

  const modern = await modernPost(door, "tools/call", { name: "lines" }, { id: "\u2028 7" });
  assert.equal((await messagesOf(modern))[0]?.id, "\u2028 7");
});

test("a child is written to and read from in pieces of any size", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("modern") });
  const big = await modernCall(door, "big", { bytes: 5_000_000 });
  assert.equal(big.length, 5_000_000);
  const sent = "é".repeat(1_000_000);
  const lines = JSON.parse(await modernCall(door, "lines", { sent })) as string[];
  assert.ok(lines.at(-1)?.includes(sent));
});

test("nothing of an initialize but its revision reaches a child that others share", async (t) => {
  const door = await aStdioDoor(t, { command: aChild("both"), per: "process" });
  const smuggled = toolCall("pid", {}, { id: "2" });
  const params = `{"protocolVersion":[\n${smuggled}\n],"capabilities":{},"clientInfo":{"name":"t","version":"1"}}`;
  const begun = await door.post(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":${params}}`);
  assert.equal(begun.status, 200, await begun.text());
  const lines = JSON.parse(await (await aSession(door, "bob/editor")).call("lines")) as string[];
  assert.equal(lines.length, 3, "initialize, initialized, and this");
  assert.match(lines[0] ?? "", /"protocolVersion":"2025-03-26"/);
  assert.doesNotMatch(lines.join(), /"name":"pid"/);
});
