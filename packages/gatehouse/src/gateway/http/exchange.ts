import type { Dispatcher } from "undici";
import type { HeaderFields } from "../call.ts";
import { fieldOf } from "../fields.ts";
import { AnswerBody } from "./answer-body.ts";
import type { Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";

/** Answers before the answer (RFC 9110 §15.2); a server that sends more of them is not to be waited for. */
const maxInformational = 16;

/** One request on a connection that nobody else uses, and its answer. It is sent once or not at all. */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #connections: Connections;
  readonly connection: Connection;
  #informational = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #begun!: () => void;
  #failed: ((error: Error) => void) | undefined;
  #early: Buffer[] = [];
  #body: AnswerBody | undefined;
  #isOver = false;
  #error: Error | undefined;
  status = 0;
  fields: HeaderFields = [];

  constructor(connections: Connections) {
    this.#connections = connections;
    this.connection = connections.take();
  }

  /** Resolves once the answer has begun. Rejects with what undici or the connection says. */
  send(options: Dispatcher.DispatchOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begun = resolve;
      this.#failed = reject;
      if (this.#error !== undefined) return reject(this.#error);
      this.connection.client.dispatch(options, this);
    });
  }

  /**
   * The body: whole if it has come already. To be called once, right after `send`.
   * @throws the error that broke it off meanwhile
   */
  takeBody(silenceMs: number): AnswerBody | Buffer {
    if (this.#error !== undefined) throw this.#error;
    const [first] = this.#early;
    if (this.#isOver) return this.#early.length === 1 && first ? first : Buffer.concat(this.#early);
    const body = new AnswerBody(
      {
        pause: () => this.#controller?.pause(),
        resume: () => this.#controller?.resume(),
        abort: (cause) => this.abort(cause),
      },
      silenceMs,
    );
    this.#body = body;
    for (const piece of this.#early) body.add(piece);
    this.#early = [];
    return body;
  }

  /** Ends the connection, unless the answer is complete. */
  abort(cause: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#connections.discard(this.connection, cause);
    this.#tell(cause);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart({ rawHeaders }: Dispatcher.DispatchController, status: number): void {
    if (status < 200) {
      if (++this.#informational > maxInformational) this.abort(new Error("too many informational answers"));
      return;
    }
    this.status = status;
    // Bytes become the characters of the same numbers, and those the same bytes again.
    this.fields = (rawHeaders as Buffer[]).map((bytes) => bytes.toString("latin1"));
    this.#begun();
  }

  onResponseData(_controller: Dispatcher.DispatchController, piece: Buffer): void {
    if (this.#body === undefined) this.#early.push(piece);
    else this.#body.add(piece);
  }

  onResponseEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.connection.end(fieldOf(this.fields, "keep-alive"));
    this.#connections.giveBack(this.connection);
    this.#body?.push(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.abort(error);
  }

  #tell(error: Error): void {
    this.#error = error;
    this.#failed?.(error); // nothing where the answer has begun
    this.#body?.destroy(error);
  }
}
