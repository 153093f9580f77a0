import { Readable } from "node:stream";
import { asOneLine } from "./lines.ts";

/** Bytes that wait for a reader before its writer is slowed, or cut off. */
const highWaterMark = 256 * 1024;

/** Server-sent events on their way to one client. */
export interface EventStream {
  readonly body: Readable;
  /** False: the reader is behind. */
  send(message: Buffer): boolean;
  /** Bytes that wait for the reader. */
  waiting(): number;
  /** Calls it once the reader has caught up, or is gone. */
  onceRead(run: () => void): void;
  /** Ends it after what was sent. */
  end(): void;
  /** Breaks it off, so that the reader knows that something is missing. */
  breakOff(): void;
}

/** @param onGone called once when the reader has left, or everything has been read */
export function createEventStream(onGone: () => void): EventStream {
  let waitingForRead: (() => void)[] = [];
  let isOver = false;
  const caughtUp = () => {
    const waiting = waitingForRead;
    waitingForRead = [];
    for (const run of waiting) run();
  };
  const body = new Readable({ highWaterMark, read: caughtUp });
  body.once("close", () => {
    isOver = true;
    caughtUp();
    onGone();
  });
  body.on("error", () => undefined); // it was broken off, which whoever reads it is told
  return {
    body,
    send(message) {
      if (isOver) return true;
      return body.push(Buffer.concat([eventStart, asOneLine(message), eventEnd]));
    },
    waiting: () => body.readableLength,
    onceRead(run) {
      if (isOver) run();
      else waitingForRead.push(run);
    },
    end() {
      if (isOver) return;
      isOver = true;
      body.push(null);
    },
    breakOff() {
      isOver = true;
      body.destroy(new Error("broken off"));
    },
  };
}

const eventStart = Buffer.from("event: message\ndata: ");
const eventEnd = Buffer.from("\n\n");
