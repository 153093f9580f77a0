import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A connection whose bytes are written by hand. */
export interface RawClient {
  readonly socket: Socket;
  /** All that came, as one character a byte. */
  readonly received: string;
  /** Resolves once the pattern is among what came. Rejects when the connection ends before. */
  until(pattern: RegExp | string): Promise<string>;
  /** Resolves with all that came once the connection has ended. */
  readonly ended: Promise<string>;
  send(text: string): void;
}

export function aRawClient(t: TestContext, port: number, text = ""): RawClient {
  let received = "";
  let told: (() => void)[] = [];
  const tell = () => {
    const waiting = told;
    told = [];
    for (const each of waiting) each();
  };
  const socket = connect(port, "127.0.0.1");
  socket.write(text, "latin1");
  t.after(() => socket.destroy());
  socket.on("error", () => undefined); // who ends a connection may reset it
  socket.on("data", (bytes) => {
    received += bytes.toString("latin1");
    tell();
  });
  let isEnded = false;
  const ended = new Promise<string>((resolve) => {
    socket.once("close", () => {
      isEnded = true;
      tell();
      resolve(received);
    });
  });
  return {
    socket,
    get received() {
      return received;
    },
    ended,
    send: (more) => void socket.write(more, "latin1"),
    async until(pattern) {
      const isThere = () =>
        typeof pattern === "string" ? received.includes(pattern) : pattern.test(received);
      while (!isThere()) {
        if (isEnded) throw new Error(`the connection ended; ${pattern} is not in: ${received.slice(-500)}`);
        await new Promise<void>((resolve) => void told.push(resolve));
      }
      return received;
    },
  };
}

/** Sends it on a connection of its own, and resolves with what came once that has ended. */
export function exchanged(t: TestContext, port: number, text: string): Promise<string> {
  return aRawClient(t, port, text).ended;
}
