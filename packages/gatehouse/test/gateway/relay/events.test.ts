import assert from "node:assert/strict";
import { test } from "node:test";
import { EventBoundary } from "../../../src/gateway/relay/event-boundary.ts";
import { EventSplitter, EventTooLongError } from "../../../src/gateway/relay/event-splitter.ts";

const lineEnds = { LF: "\n", CRLF: "\r\n", CR: "\r" };

for (const [name, end] of Object.entries(lineEnds)) {
  const events = [
    `data: 1${end}${end}`,
    `id: 7${end}data: 2${end}data:${end}${end}`,
    `:${end}data: 3${end}${end}`,
  ];

  test(`a stream whose lines end with ${name} is cut into its events, however its bytes arrive`, () => {
    const stream = Buffer.from(events.join(""));
    for (let first = 0; first <= stream.length; first++) {
      const splitter = new EventSplitter(1000);
      const cut = [stream.subarray(0, first), stream.subarray(first)].flatMap((piece) =>
        splitter.push(piece),
      );
      assert.equal(cut.length, events.length, `cut at ${first}`);
      // Nothing is lost or doubled; an LF that came alone is with the event after it.
      assert.equal(Buffer.concat([...cut, splitter.rest]).toString(), events.join(""));
    }
  });

  test(`between two events of a stream whose lines end with ${name} is nowhere but after an empty line`, () => {
    const stream = Buffer.from(events.join(""));
    const ends = events.map((_, index) => events.slice(0, index + 1).join("").length);
    const boundary = new EventBoundary();
    assert.equal(boundary.isBetween, true);
    for (let at = 1; at <= stream.length; at++) {
      boundary.follow(stream.subarray(at - 1, at));
      // Of CRLF the CR already ends the line, and its LF ends no other.
      const isEnd = ends.includes(at) || (end === "\r\n" && ends.includes(at + 1));
      assert.equal(boundary.isBetween, isEnd, `after ${at} bytes`);
    }
    const inPieces = new EventBoundary();
    for (const event of events) {
      inPieces.follow(Buffer.from(event.slice(0, -1)));
      inPieces.follow(Buffer.from(event.slice(-1)));
      assert.equal(inPieces.isBetween, true);
    }
  });
}

test("after a comment without an empty line there is still nothing under way", () => {
  const boundary = new EventBoundary();
  boundary.follow(Buffer.from("data: 1\n\n"));
  boundary.follow(Buffer.from(": ping\n"));
  assert.equal(boundary.isBetween, true);
  boundary.follow(Buffer.from(": ping\ndata: 2\n"));
  assert.equal(boundary.isBetween, false);
});

test("the rest of an event is told from the beginning of the next", () => {
  const boundary = new EventBoundary();
  boundary.follow(Buffer.from("data: 1"));
  assert.equal(boundary.followToEnd(Buffer.from("2\r\n")), undefined);
  assert.equal(boundary.followToEnd(Buffer.from("\r\ndata: 3\r\n\r\n")), 1);
});

test("an event without end is not held beyond its bound", () => {
  const splitter = new EventSplitter(100);
  splitter.push(Buffer.from("data: 1\n\n"));
  assert.throws(() => splitter.push(Buffer.alloc(101, "x")), EventTooLongError);
});
