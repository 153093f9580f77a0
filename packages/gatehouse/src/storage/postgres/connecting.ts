import { setTimeout as pauseFor } from "node:timers/promises";
import { StoreUnavailableError } from "../../oauth/store.ts";
import { WrongVersionError } from "../migration.ts";
import { DatabaseRefusedError } from "../refused.ts";

/** What becomes of a database that could not be reached at first. */
export interface ConnectingOptions {
  /** Milliseconds between two attempts, at most. */
  readonly maxPauseMs: number;
  /** Told each time it could not be reached, with the milliseconds until the next attempt. */
  readonly onRetry: (error: StoreUnavailableError, pauseMs: number) => void;
  /** Told when it refuses us, after it could not be reached at first. */
  readonly onRefused: (error: DatabaseRefusedError) => void;
  /** Told of what else no waiting mends, such as a database that a newer version wrote. */
  readonly onFailure: (error: unknown) => void;
  /** Waits so many milliseconds; handed in by tests. */
  readonly sleep?: (milliseconds: number) => Promise<void>;
}

const minPauseMs = 250;
/** A first attempt that takes longer, such as a migration of a large database, is not waited for. */
const firstAttemptMs = 10_000;

/**
 * The way to a database that may not be there yet: attempts with growing pauses until one succeeds, or meets
 * what no waiting mends.
 */
export class Connecting {
  readonly #attempt: () => Promise<void>;
  readonly #options: ConnectingOptions;
  #unavailable: string | undefined = "the database cannot be reached yet";
  #isOutdated = false;
  #stopped = false;
  #isFirst = true;

  /** @param attempt tried again for as long as it throws {@link StoreUnavailableError} */
  constructor(attempt: () => Promise<void>, options: ConnectingOptions) {
    this.#attempt = attempt;
    this.#options = options;
  }

  /**
   * Resolves once it has been tried for the first time, with whatever outcome: when all is well nobody is
   * told to come again.
   * @throws DatabaseRefusedError when the first attempt meets a database that does not let us in
   */
  async start(): Promise<void> {
    const tried = Promise.withResolvers<void>();
    const late = setTimeout(tried.resolve, firstAttemptMs);
    try {
      await Promise.race([this.#untilConnected(tried.resolve), tried.promise]);
    } finally {
      clearTimeout(late);
      this.#isFirst = false;
    }
  }

  /** @throws StoreUnavailableError until an attempt has succeeded */
  requireConnected(): void {
    if (this.#unavailable === undefined) return;
    const check = this.#isOutdated ? "migrations" : "database";
    throw new StoreUnavailableError(this.#unavailable, { check });
  }

  /** No attempt begins any more. */
  stop(): void {
    this.#stopped = true;
  }

  async #untilConnected(onTried: () => void): Promise<void> {
    const { maxPauseMs, onRetry, sleep = quietly } = this.#options;
    for (let attempt = 0; !this.#stopped; attempt++) {
      try {
        await this.#attempt();
        this.#unavailable = undefined;
        return;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError)) return this.#giveUp(error);
        const pauseMs = Math.min(minPauseMs * 2 ** attempt, maxPauseMs);
        onRetry(error, pauseMs);
        onTried();
        await sleep(pauseMs);
      }
    }
  }

  #giveUp(error: unknown): void {
    const { onRefused, onFailure } = this.#options;
    this.#isOutdated = error instanceof WrongVersionError;
    this.#unavailable =
      error instanceof WrongVersionError ? error.message : "the database cannot be used: the log says why";
    const isRefusal = error instanceof DatabaseRefusedError;
    if (isRefusal && this.#isFirst) throw error;
    if (isRefusal) onRefused(error);
    else onFailure(error);
  }
}

/** A pause that keeps no process alive. */
const quietly = (milliseconds: number) => pauseFor(milliseconds, undefined, { ref: false });
