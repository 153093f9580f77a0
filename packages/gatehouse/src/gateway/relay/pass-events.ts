import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Call } from "../call.ts";
import { writeLast } from "../lent-pieces.ts";
import { EventBoundary } from "./event-boundary.ts";
import { EventSplitter } from "./event-splitter.ts";
import type { OpenStream, OpenStreams } from "./open-streams.ts";
import { breakOff } from "./pass-pieces.ts";
import type { RelayEnd } from "./rewriter.ts";

/** A line that means nothing (WHATWG HTML §9.2.6), ended like an event: some readers cut there. */
const comment = Buffer.from(":\n\n");
const maxEventBytes = 10_000_000;
/** What the event under way has to end when its stream is to. */
const lastEventMs = 3000;

/**
 * Passes an event stream on, piece by piece as it comes or event by event where those are rewritten, with a
 * comment at its start and after each silence. The head has been written, and goes out at once.
 */
export function passEvents(
  call: Call,
  body: Readable,
  response: ServerResponse,
  rewrite: ((event: Buffer) => Buffer) | undefined,
  streams: OpenStreams,
): Promise<RelayEnd> {
  const silenceMs = call.server.keepAliveSeconds * 1000;
  const boundary = new EventBoundary();
  const splitter = rewrite && new EventSplitter(maxEventBytes);
  if (silenceMs > 0) response.write(comment);
  else response.flushHeaders();
  return new Promise((resolve) => {
    let isEnding = false;
    let lastEvent: NodeJS.Timeout | undefined;
    const silence = silenceMs > 0 ? setInterval(say, silenceMs).unref() : undefined;

    /** A client that does not read gets no more of them. */
    function say() {
      if (boundary.isBetween && !response.writableNeedDrain) response.write(comment);
    }
    function pass(piece: Buffer) {
      silence?.refresh();
      if (splitter === undefined || rewrite === undefined) return send(piece);
      for (const event of splitter.push(piece)) send(rewrite(event));
    }
    function send(piece: Buffer) {
      if (!isEnding) {
        boundary.follow(piece);
        write(piece);
        return;
      }
      const length = boundary.followToEnd(piece);
      write(length === undefined ? piece : piece.subarray(0, length));
      if (length !== undefined) finish({ outcome: "ended" });
    }
    function write(piece: Buffer) {
      if (piece.length === 0) return;
      // Several events are parts of one piece.
      const goesOn = splitter === undefined ? writeLast(response, piece) : response.write(piece);
      if (!goesOn) body.pause();
    }
    function finish(end: RelayEnd) {
      if (!streams.delete(stream)) return;
      clearInterval(silence);
      clearTimeout(lastEvent);
      response.off("drain", resume).off("close", left);
      body.off("data", receive).destroy();
      if (end.outcome === "broken") breakOff(response);
      else if (end.outcome !== "left") response.end();
      resolve(end);
    }
    function receive(piece: Buffer) {
      try {
        pass(piece);
      } catch (cause) {
        finish({ outcome: "broken", cause }); // an event that is too long, or that a rewriter cannot let pass
      }
    }
    const resume = () => body.resume();
    const left = () => finish({ outcome: "left" });
    const stream: OpenStream = {
      call,
      end() {
        if (isEnding) return;
        isEnding = true;
        if (boundary.isBetween) finish({ outcome: "ended" });
        else
          lastEvent = setTimeout(
            () => finish({ outcome: "broken", cause: new Error("the last event has no end") }),
            lastEventMs,
          );
      },
    };
    streams.add(stream);
    response.on("drain", resume).once("close", left);
    body
      .on("data", receive)
      .once("end", () => {
        try {
          // Some readers take an event that the end of the stream has cut short for a whole one.
          if (splitter !== undefined && splitter.rest.length > 0)
            write(rewrite?.(splitter.rest) ?? splitter.rest);
          finish({ outcome: "complete" });
        } catch (cause) {
          finish({ outcome: "broken", cause });
        }
      })
      // Also after the end of it all: a destroyed body may still say why.
      .on("error", (cause) => finish({ outcome: "broken", cause }));
    body.resume();
  });
}
