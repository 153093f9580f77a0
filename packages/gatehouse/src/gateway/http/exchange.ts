import type { HeaderFields } from "../call.ts";
import { AnswerBody } from "./answer-body.ts";
import type { CallListener, Connection } from "./connection.ts";
import type { Connections } from "./connections.ts";
import type { SentRequest } from "./request-head.ts";

/** One request on a connection that nobody else uses, and its answer. It is sent once or not at all. */
export class Exchange implements CallListener {
  readonly #connections: Connections;
  readonly connection: Connection;
  #begun: (() => void) | undefined;
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

  /** Resolves once the answer has begun. Rejects with what the connection or what read the answer says. */
  send(request: SentRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#begun = resolve;
      this.#failed = reject;
      if (this.#error !== undefined) return reject(this.#error);
      this.connection.send(request, this);
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
        pause: () => this.#pause(),
        resume: () => this.#resume(),
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
    this.onFailure(cause);
    this.connection.destroy(cause);
  }

  onHead(status: number, fields: HeaderFields): void {
    this.status = status;
    this.fields = fields;
    this.#begun?.();
  }

  onPiece(piece: Buffer): void {
    if (this.#isOver) return;
    if (this.#body === undefined) this.#early.push(piece);
    else this.#body.add(piece);
  }

  onEnd(): void {
    if (this.#isOver) return;
    this.#resume(); // for whoever has it next
    this.#isOver = true;
    this.#connections.giveBack(this.connection);
    this.#body?.complete();
  }

  onFailure(error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    this.#failed?.(error); // nothing where the answer has begun
    this.#body?.destroy(error);
  }

  /** Once the answer is whole the connection is another's. */
  #pause(): void {
    if (!this.#isOver) this.connection.pause();
  }

  #resume(): void {
    if (!this.#isOver) this.connection.resume();
  }
}
