import { Readable } from "node:stream";

/** How the answer's pieces can be slowed, and the call ended. */
export interface AnswerSource {
  pause(): void;
  resume(): void;
  /** Ends the connection. */
  abort(cause: Error): void;
}

const unread = new Error("nobody reads on");
const maxHeldBytes = 64 * 1024;

/** The body of a server's answer as it comes, no faster than it is read. */
export class AnswerBody extends Readable {
  readonly #source: AnswerSource;
  readonly #silence: NodeJS.Timeout | undefined;
  #isPaused = false;

  /** @param silenceMs what may lie between two pieces; 0: anything. Time while nobody reads does not count */
  constructor(source: AnswerSource, silenceMs: number) {
    super({ highWaterMark: maxHeldBytes });
    this.#source = source;
    if (silenceMs > 0) this.#silence = setInterval(() => this.#wasSilent(silenceMs), silenceMs);
  }

  add(piece: Buffer): void {
    this.#silence?.refresh();
    if (this.push(piece)) return;
    this.#isPaused = true;
    this.#source.pause();
  }

  /** All has come. Who reads it may take as long as they like. */
  complete(): void {
    clearInterval(this.#silence);
    this.push(null);
  }

  override _read(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#silence?.refresh();
    this.#source.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.#silence);
    this.#source.abort(error ?? unread);
    done(error);
  }

  #wasSilent(silenceMs: number): void {
    if (!this.#isPaused) this.destroy(new Error(`silent for ${silenceMs} ms`));
  }
}
