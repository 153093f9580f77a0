import type { HttpBackendSettings } from "../protected-server.ts";
import { createConnect } from "./connect.ts";
import { Connection } from "./connection.ts";

/** How often it is looked for connections that nobody has used for long. */
const sweepMs = 1000;

/**
 * The connections to one server: as many as there are calls at once, and the unused ones, of which the last
 * used is the first to be used again, so that after a burst the others end.
 */
export class Connections {
  readonly #open: () => Connection;
  readonly #all = new Set<Connection>();
  readonly #unused: Connection[] = [];
  readonly #sweep: NodeJS.Timeout;

  constructor(settings: Omit<HttpBackendSettings, "kind">) {
    const connect = createConnect(settings);
    const onGone = (connection: Connection) => this.#forget(connection);
    this.#open = () => new Connection(connect, settings.timeouts.firstByteMs, onGone);
    this.#sweep = setInterval(() => this.#endOld(), sweepMs).unref();
  }

  /** One that is to be used at once. */
  take(): Connection {
    for (let connection = this.#unused.pop(); connection; connection = this.#unused.pop()) {
      if (connection.isFresh) return connection;
      connection.destroy();
    }
    const connection = this.#open();
    this.#all.add(connection);
    return connection;
  }

  /** Gives one back whose answer has been read to its end. */
  giveBack(connection: Connection): void {
    if (this.#all.has(connection)) this.#unused.push(connection);
  }

  close(): void {
    clearInterval(this.#sweep);
    for (const connection of this.#all) connection.destroy();
  }

  #endOld(): void {
    for (const connection of this.#unused.filter(({ isFresh }) => !isFresh)) connection.destroy();
  }

  #forget(connection: Connection): void {
    this.#all.delete(connection);
    const at = this.#unused.indexOf(connection);
    if (at !== -1) this.#unused.splice(at, 1);
  }
}
