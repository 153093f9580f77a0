import type { Socket } from "node:net";
import { type buildConnector, Client } from "undici";
import type { Connect, ConnectStage } from "./connect.ts";

/** Beyond this a server's head is none. */
const maxHeadBytes = 32 * 1024;
/**
 * Milliseconds for which a connection is used again where the server says nothing: below the 5 s of the
 * shortest usual default (uvicorn, node).
 */
const keepUnusedMs = 3000;
/** How much earlier than the server says its side is left: it may round, and both may be late. */
const leaveEarlierMs = 2000;

/** A connection to a server, for one call at a time. */
export class Connection {
  readonly client: Client;
  /** How far it has got; `undefined` once it stands. */
  stage: ConnectStage | undefined = "resolve";
  #socket: Socket | undefined;
  #bytesBefore = 0;
  #begunAt = 0;
  #keptMs = keepUnusedMs;

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

  /** To be told when a call begins. */
  begin(): void {
    this.#begunAt = performance.now();
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
  }

  /** @param keepAlive the answer's `Keep-Alive`: how long its server keeps the connection */
  end(keepAlive: string | undefined): void {
    const [, seconds] = (keepAlive && /timeout=(\d{1,6})/i.exec(keepAlive)) || [];
    this.#keptMs = seconds === undefined ? keepUnusedMs : Number(seconds) * 1000 - leaveEarlierMs;
  }

  /**
   * Whether the server surely keeps it still, by the time since the last call was sent: it counts from its
   * answer, which is later, and may be read late here.
   */
  get isFresh(): boolean {
    return performance.now() - this.#begunAt < this.#keptMs;
  }

  /** Whether anything of the answer has come. */
  get hasAnswered(): boolean {
    return (this.#socket?.bytesRead ?? 0) > this.#bytesBefore;
  }

  destroy(cause: Error | null = null): void {
    this.client.destroy(cause).catch(() => {}); // what was under way is told by itself
  }
}
