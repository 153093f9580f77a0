import type { HttpBackendSettings } from "../protected-server.ts";
import { createConnect } from "./connect.ts";
import { Connection } from "./connection.ts";

/**
 * The connections to one server: as many as there are calls at once, and the unused ones, of which the last
 * used is the first to be used again, so that after a burst the others end.
 */
export class Connections {
  readonly #open: () => Connection;
  readonly #all = new Set<Connection>();
  readonly #unused: Connection[] = [];

  constructor(settings: Omit<HttpBackendSettings, "kind">) {
    const connect = createConnect(settings);
    // One that is in use connects anew by itself if the call has not been sent, and else tells its exchange.
    const onGone = (connection: Connection) => {
      if (this.#unused.includes(connection)) this.discard(connection);
    };
    this.#open = () => new Connection(settings.url.origin, connect, settings.timeouts.firstByteMs, onGone);
  }

  take(): Connection {
    const connection = this.#fresh() ?? this.#open();
    this.#all.add(connection);
    connection.begin();
    return connection;
  }

  /** Gives one back whose answer has been read to its end. */
  giveBack(connection: Connection): void {
    if (this.#all.has(connection)) this.#unused.push(connection);
  }

  #fresh(): Connection | undefined {
    for (let connection = this.#unused.pop(); connection; connection = this.#unused.pop()) {
      if (connection.isFresh) return connection;
      this.discard(connection);
    }
    return undefined;
  }

  /** Closes one for good. */
  discard(connection: Connection, cause: Error | null = null): void {
    if (!this.#all.delete(connection)) return;
    const at = this.#unused.indexOf(connection);
    if (at !== -1) this.#unused.splice(at, 1);
    connection.destroy(cause);
  }

  close(): void {
    for (const connection of this.#all) this.discard(connection);
  }
}
