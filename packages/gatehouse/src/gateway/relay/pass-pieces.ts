import type { ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { writeLast } from "../lent-pieces.ts";
import type { RelayEnd } from "./rewriter.ts";

const maxJoinedBytes = 16 * 1024;

/**
 * Passes a body on as it comes, as fast as the client takes it. The head has been written, and goes out at
 * once.
 */
export function passPieces(body: Readable | Buffer, response: ServerResponse): Promise<RelayEnd> | RelayEnd {
  if (Buffer.isBuffer(body)) {
    // As text, one character a byte, it goes out in one piece with the head, which costs less than two.
    if (body.length > maxJoinedBytes) response.end(body);
    else response.end(body.toString("latin1"), "latin1");
    return { outcome: "complete" };
  }
  response.flushHeaders();
  return new Promise((resolve) => {
    const resume = () => body.resume();
    const finish = (end: RelayEnd) => {
      response.off("drain", resume).off("close", left);
      if (end.outcome === "broken") breakOff(response);
      resolve(end);
    };
    const left = () => {
      body.destroy();
      finish({ outcome: "left" });
    };
    response.on("drain", resume).once("close", left);
    body
      .on("data", (piece: Buffer) => {
        if (!writeLast(response, piece)) body.pause();
      })
      .once("end", () => {
        response.end();
        finish({ outcome: "complete" });
      })
      .on("error", (cause) => finish({ outcome: "broken", cause }));
    body.resume();
  });
}

/** What a client is given to take what was written before its connection is cut. */
const breakOffMs = 500;

/** Ends the connection without the end of the answer, so that the client sees that there was more to come. */
export function breakOff(response: ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) return void response.destroy();
  socket.destroySoon();
  const timer = setTimeout(() => socket.destroy(), breakOffMs);
  socket.once("close", () => clearTimeout(timer));
}
