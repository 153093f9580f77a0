import assert from "node:assert/strict";
import { test } from "node:test";
import { readEvent, rewriteData } from "../../../src/gateway/relay/event-data.ts";

const shout = (event: string) =>
  rewriteData(Buffer.from(event), (data) => Buffer.from(data.toString().toUpperCase())).toString();

test("the data of an event are rewritten, and every other line stays as it was", () => {
  assert.equal(shout("data: a\n\n"), "data: A\n\n");
  assert.equal(
    shout(":hi\r\nid: a\r\ndata:a\r\nretry: 1\r\n\r\n"),
    ":hi\r\nid: a\r\ndata: A\nretry: 1\r\n\r\n",
  );
  assert.equal(shout("event: message\rdata: a\r\r"), "event: message\rdata: A\n\r");
  assert.equal(
    shout("data: a\nid: x\ndata:  b\ndata\ndata: c\n\n"),
    "data: A\ndata:  B\ndata: \ndata: C\nid: x\n\n",
  );
  assert.equal(shout("\ufeffdata: a\n\n"), "data: A\n\n", "after a byte order mark, too");
  assert.equal(shout("data: a"), "data: A\n", "and where the stream ends too early");
});

test("an event whose data stay as they were stays byte for byte, and so does one of another type", () => {
  for (const event of [
    "\n",
    ":a\n\n",
    "id: a\n\n",
    "data\n\n",
    "data: A\r\ndata:B\r\n\r\n",
    "event: endpoint\ndata: a\n\n",
    "event: message\nevent: ping\ndata: a\n\n",
    "DATA: a\n\n",
    " data: a\n\n",
    "dat\u00e4: a\n\n",
  ]) {
    assert.equal(shout(event), event, JSON.stringify(event));
  }
  assert.equal(shout("event: ping\nevent:\ndata: a\n\n"), "event: ping\nevent:\ndata: A\n\n");
});

test("an event is read as browsers read it: any line end, a byte order mark, lines joined, the last type", () => {
  const read = (event: string) => {
    const { type, data } = readEvent(Buffer.from(event));
    return [type, data?.toString()];
  };
  assert.deepEqual(read("\ufeffdata: a\r\ndata:b\r\rdata\n\n"), ["message", "a\nb\n"]);
  assert.deepEqual(read("event: ping\nevent: endpoint\ndata:  /x\n\n"), ["endpoint", " /x"]);
  assert.deepEqual(read("event\n:data: a\n\n"), ["message", undefined]);
});
