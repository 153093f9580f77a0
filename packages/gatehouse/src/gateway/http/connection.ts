import type { Socket } from "node:net";
import { type buildConnector, Client } from "undici";
import type { Connect, ConnectStage } from "./connect.ts";

/** Beyond this a server's head is none. */
const maxHeadBytes = 32 * 1024;
/**
 * Milliseconds for which an unused connection is kept where the server says nothing: below the 5 s of the
 * shortest usual default (uvicorn, node).
 */
const keepUnusedMs = 3000;
/** How much earlier than the server says its side is left: it may round, and this process may be late. */
const leaveEarlierMs = 2000;

/** A connection to a server, for one call at a time. */
export class Connection {
  readonly client: Client;
  /** How far it has got; `undefined` once it stands. */
  stage: ConnectStage | undefined = "resolve";
  #socket: Socket | undefined;
  #bytesBefore = 0;

  /** @param onGone told once either side has closed it */
  constructor(origin: string, connect: Connect, firstByteMs: number, onGone: (it: Connection) => void) {
    const connector: buildConnector.connector = (_options, told) =>
      connect(
        (stage) => {
          this.stage = stage;
        },
        (error, socket) => {
          if (socket === null) return told(error as Error, null);
          this.stage = undefined;
          this.#socket = socket;
          this.#bytesBefore = 0;
          told(null, socket);
        },
      );
    this.client = new Client(origin, {
      connect: connector,
      pipelining: 1,
      headersTimeout: firstByteMs,
      bodyTimeout: 0,
      maxHeaderSize: maxHeadBytes,
      keepAliveTimeout: keepUnusedMs,
      keepAliveTimeoutThreshold: leaveEarlierMs,
    });
    this.client.on("disconnect", () => onGone(this));
  }

  /** To be told when the next call begins, so that `hasAnswered` speaks of its answer. */
  begin(): void {
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
  }

  /** Whether anything of the answer has come. */
  get hasAnswered(): boolean {
    return (this.#socket?.bytesRead ?? 0) > this.#bytesBefore;
  }

  destroy(cause: Error | null = null): void {
    this.client.destroy(cause).catch(() => {}); // what was under way is told by itself
  }
}
