import type { Socket } from "node:net";
import { UnreadableAnswerError } from "./answer-head.ts";
import { type AnswerListener, AnswerReader } from "./answer-reader.ts";
import type { Connect, ConnectStage } from "./connect.ts";
import { requestHead, type SentRequest } from "./request-head.ts";

/**
 * Milliseconds for which a connection is used again where the server says nothing: below the 5 s of the
 * shortest usual default (uvicorn, node).
 */
const keepUnusedMs = 3000;
/** How much earlier than the server says its side is left: it may round, and both may be late. */
const leaveEarlierMs = 2000;
/** A body up to this length goes out in one piece with its head, which costs less than two. */
const maxJoinedBytes = 16 * 1024;

/** The head of an answer did not come in time. */
export class HeadTimeoutError extends Error {
  override readonly name = "HeadTimeoutError";
}

/** Told of the answer to one call. */
export interface CallListener extends AnswerListener {
  /** The answer is whole. */
  onEnd(): void;
  /** Of a connection that failed, or was destroyed, before. */
  onFailure(error: Error): void;
}

interface UnderWay {
  readonly listener: CallListener;
  readonly reader: AnswerReader;
}

/**
 * A connection to a server, for one call at a time: HTTP/1.1 as far as that needs it. A request is written
 * once, and no answer is taken that nobody asked for.
 */
export class Connection {
  /** How far it has got; `undefined` once it stands. */
  stage: ConnectStage | undefined = "resolve";
  readonly #firstByteMs: number;
  readonly #onGone: (it: Connection) => void;
  readonly #giveUp: () => void;
  #socket: Socket | undefined;
  #error: Error | undefined;
  /** To be sent once it stands. */
  #waiting: SentRequest | undefined;
  #underWay: UnderWay | undefined;
  /** Runs on when it is not needed any more, so that it need not be made for each call. */
  #headTimer: NodeJS.Timeout | undefined;
  #bytesBefore = 0;
  #begunAt = 0;
  #keptMs = keepUnusedMs;
  #isGone = false;

  /** @param onGone told once either side has closed it */
  constructor(connect: Connect, firstByteMs: number, onGone: (it: Connection) => void) {
    this.#firstByteMs = firstByteMs;
    this.#onGone = onGone;
    this.#giveUp = connect(
      (stage) => {
        this.stage = stage;
      },
      (error, socket) => {
        if (socket === null) this.destroy(error as Error);
        else this.#opened(socket);
      },
      (piece) => this.#read(piece),
    );
  }

  /** Sends a call, of which its listener hears. Once it is over, another may be sent. */
  send(request: SentRequest, listener: CallListener): void {
    this.#begunAt = performance.now();
    this.#bytesBefore = this.#socket?.bytesRead ?? 0;
    if (this.#isGone) {
      listener.onFailure(this.#error ?? closed());
      return;
    }
    this.#underWay = { listener, reader: new AnswerReader(listener) };
    if (this.#socket === undefined) this.#waiting = request;
    else this.#write(this.#socket, request);
  }

  /**
   * Whether the server surely keeps it still, by the time since the last call was sent: it counts from its
   * answer, which is later, and may be read late here.
   */
  get isFresh(): boolean {
    const socket = this.#socket;
    return socket?.writable === true && !this.#isGone && performance.now() - this.#begunAt < this.#keptMs;
  }

  /** Whether anything of the answer has come. */
  get hasAnswered(): boolean {
    return (this.#socket?.bytesRead ?? 0) > this.#bytesBefore;
  }

  pause(): void {
    this.#socket?.pause();
  }

  resume(): void {
    this.#socket?.resume();
  }

  /** Ends it at once, and the call that is under way with it. */
  destroy(cause: Error = closed()): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#error = cause;
    clearTimeout(this.#headTimer);
    this.#giveUp();
    const { listener } = this.#underWay ?? {};
    this.#underWay = undefined;
    this.#onGone(this);
    listener?.onFailure(cause);
  }

  #opened(socket: Socket): void {
    this.stage = undefined;
    this.#socket = socket;
    socket
      .on("end", () => this.#ended())
      .on("error", (error) => this.destroy(error))
      .on("close", () => this.destroy());
    if (this.#waiting !== undefined) this.#write(socket, this.#waiting);
    this.#waiting = undefined;
  }

  #write(socket: Socket, request: SentRequest): void {
    const { body } = request;
    let head: string;
    try {
      head = requestHead(request);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (body === undefined) socket.write(head, "latin1");
    else if (body.length <= maxJoinedBytes) socket.write(head + body.toString("latin1"), "latin1");
    else {
      socket.cork();
      socket.write(head, "latin1");
      socket.write(body);
      socket.uncork();
    }
    if (this.#firstByteMs === 0) return;
    if (this.#headTimer !== undefined) this.#headTimer.refresh();
    else this.#headTimer = setTimeout(() => this.#checkHead(), this.#firstByteMs).unref();
  }

  #checkHead(): void {
    if (this.#underWay === undefined || this.#underWay.reader.head !== undefined) return;
    this.destroy(new HeadTimeoutError(`no answer within ${this.#firstByteMs} ms`));
  }

  #read(piece: Buffer): void {
    const { reader, listener } = this.#underWay ?? {};
    if (reader === undefined || listener === undefined) {
      this.destroy(new UnreadableAnswerError("it answered what nobody had asked"));
      return;
    }
    let length: number;
    try {
      length = reader.read(piece);
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    if (!reader.isOver || this.#underWay?.reader !== reader) return;
    this.#underWay = undefined;
    const isKept =
      reader.head?.isKept === true && length === piece.length && this.#socket?.writableLength === 0;
    if (isKept) this.#keptMs = keptMs(reader.head.keepAlive);
    else this.destroy();
    listener.onEnd();
  }

  /** The server sends no more. */
  #ended(): void {
    const { reader, listener } = this.#underWay ?? {};
    const isWhole = reader?.mayEndHere === true;
    if (isWhole) this.#underWay = undefined;
    this.destroy();
    if (isWhole) listener?.onEnd();
  }
}

const closed = () => new Error("the server closed the connection");

/** @param keepAlive the answer's `Keep-Alive`: how long its server keeps the connection */
function keptMs(keepAlive: string | undefined): number {
  const [, seconds] = (keepAlive && /timeout=(\d{1,6})/i.exec(keepAlive)) || [];
  return seconds === undefined ? keepUnusedMs : Number(seconds) * 1000 - leaveEarlierMs;
}
