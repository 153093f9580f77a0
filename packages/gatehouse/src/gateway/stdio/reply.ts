import type { BackendAnswer } from "../call.ts";
import type { RefusedCallError } from "../refusal.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";

/** Whoever waits for answers to requests, and takes what comes before them. */
export interface Asker {
  /** Something that comes before the answer. False: this client takes no streams. */
  deliver(message: Buffer): boolean;
  /** The answer to one of its requests. @param status where it is the only thing sent */
  answer(message: Buffer, status: number): void;
  /** Ends it for all requests that are not answered yet: those of a stream each by an error of its own. */
  fail(refusal: RefusedCallError, unanswered: readonly string[]): void;
  /** The stream, once there is one. */
  stream(): EventStream | undefined;
}

/** The answer to one POST: a JSON object, or an event stream that ends with it. */
export interface Reply extends Asker {
  /** The answer once it has begun. Rejects with what it was refused for. */
  readonly begun: Promise<BackendAnswer>;
  /** The client need not wait for the head any longer; without effect where it takes no streams. */
  beginStream(): void;
  /** Nobody waits for it any more. */
  abandon(): void;
}

/** What the client takes, by its `Accept`. */
export interface Accepted {
  readonly json: boolean;
  readonly events: boolean;
}

/**
 * @param expected answers, one for each request of the POST
 * @param onGone called once when the client has left or got everything
 */
export function createReply(accepted: Accepted, expected: number, onGone: () => void): Reply {
  const begun = Promise.withResolvers<BackendAnswer>();
  begun.promise.catch(() => undefined); // whoever waits for it is told
  const answers: Buffer[] = [];
  let left = expected;
  let stream: EventStream | undefined;
  let isOver = false;

  function streamed(): EventStream {
    if (stream === undefined) {
      stream = createEventStream(onGone);
      begun.resolve({ status: 200, fields: ["Content-Type", "text/event-stream"], body: stream.body });
    }
    return stream;
  }

  function whole(status: number): void {
    const [only] = answers;
    const json = expected === 1 && only !== undefined ? only : asArray(answers);
    begun.resolve(jsonAnswer(status, json));
    onGone();
  }

  return {
    begun: begun.promise,
    stream: () => stream,
    deliver(message) {
      if (isOver || !accepted.events) return false;
      streamed().send(message);
      return true;
    },
    beginStream() {
      if (!isOver && accepted.events) streamed();
    },
    abandon() {
      isOver = true;
      begun.reject(new Error("the client has left"));
    },
    answer(message, status) {
      if (isOver) return;
      left--;
      isOver = left === 0;
      const asStream = stream !== undefined || !accepted.json || (expected > 1 && accepted.events);
      if (asStream) {
        streamed().send(message);
        if (isOver) stream?.end();
        return;
      }
      answers.push(message);
      if (isOver) whole(expected === 1 ? status : 200);
    },
    fail(refusal, unanswered) {
      if (isOver) return;
      isOver = true;
      if (stream === undefined) {
        begun.reject(refusal);
        onGone();
        return;
      }
      const { code, message } = refusal.refused;
      const error = JSON.stringify({ code, message });
      for (const id of unanswered) stream.send(Buffer.from(`{"jsonrpc":"2.0","id":${id},"error":${error}}`));
      stream.end();
    },
  };
}

/** A whole JSON body. */
function jsonAnswer(status: number, body: Buffer): BackendAnswer {
  const fields = ["Content-Type", "application/json", "Content-Length", String(body.length)];
  return { status, fields, body };
}

/** An answer without a body. */
export function emptyAnswer(status: number): BackendAnswer {
  return { status, fields: ["Content-Length", "0"], body: Buffer.alloc(0) };
}

function asArray(items: readonly Buffer[]): Buffer {
  return Buffer.from(`[${items.map((item) => item.toString()).join(",")}]`);
}

/** What an `Accept` field allows; without one everything. */
export function acceptedBy(accept: string | undefined): Accepted {
  if (accept === undefined) return { json: true, events: true };
  const ranges = accept.split(",").map((range) => range.split(";", 1)[0]?.trim().toLowerCase());
  const all = ranges.includes("*/*");
  return {
    json: all || ranges.includes("application/json") || ranges.includes("application/*"),
    events: all || ranges.includes("text/event-stream") || ranges.includes("text/*"),
  };
}
