import type { ClientId, Subject } from "../../oauth/values.ts";
import { createEventStream, type EventStream } from "./event-stream.ts";

/** A session of an earlier revision, as its client opened it with `initialize`. */
export interface Session {
  readonly id: string;
  readonly subject: Subject;
  readonly clientId: ClientId;
  /** In the timers' milliseconds. */
  lastUsed: number;
  /** What a GET gets: messages that belong to no request. */
  listen(onGone: () => void): EventStream;
  /** Sends to the stream opened last. False: there is none. */
  send(message: Buffer): EventStream | undefined;
  /** Keeps a message for the next stream; the oldest ones are lost where there are many. */
  hold(message: Buffer): void;
  /** Ends its streams, the last message whole. */
  end(): void;
}

const maxHeld = 64;
const maxHeldBytes = 1_000_000;
/** A client whose connections break leaves some behind until they are noticed. */
const maxStreams = 8;

export function createSession(owner: Pick<Session, "id" | "subject" | "clientId" | "lastUsed">): Session {
  const streams: EventStream[] = [];
  let held: Buffer[] = [];
  return {
    ...owner,
    listen(onGone) {
      const stream = createEventStream(() => {
        streams.splice(streams.indexOf(stream), 1);
        onGone();
      });
      streams.push(stream);
      if (streams.length > maxStreams) streams[0]?.end();
      for (const message of held) stream.send(message);
      held = [];
      return stream;
    },
    send(message) {
      const stream = streams.at(-1);
      stream?.send(message);
      return stream;
    },
    hold(message) {
      held.push(message);
      while (held.length > maxHeld || bytesOf(held) > maxHeldBytes) held.shift();
    },
    end() {
      for (const stream of [...streams]) stream.end();
    },
  };
}

const bytesOf = (messages: readonly Buffer[]) => messages.reduce((sum, { length }) => sum + length, 0);
