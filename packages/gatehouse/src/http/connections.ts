import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/*
 * Every connection has an end. Node ends those whose headers or body do not come, and those that idle; this
 * ends what is left: peers that do not read their answers, that pipeline without end, that keep an idle
 * connection up by empty lines, and those told to go who stay. It looks at all connections every few seconds
 * and costs a request one look-up, and no timer.
 */

export interface ConnectionLimits {
  /** Milliseconds from a request's headers until its answer is on its way as a whole. */
  readonly answerTimeoutMs: number;
  /** Milliseconds without a request. */
  readonly idleTimeoutMs: number;
  /** Milliseconds between two looks, and what a peer that is told to go has for reading why. */
  readonly checkIntervalMs: number;
  /**
   * With more connections than this the oldest that never sent a request is ended for the newcomer, then the
   * oldest idle one.
   */
  readonly maxConnections: number;
  /** Requests of one connection that may wait for an earlier one's answer; with more, it is ended. */
  readonly maxPipelined: number;
}

export interface Connections {
  /** Notes a request. False when its connection was ended for it, and nothing is to be done. */
  admit(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whoever answers this request may take for ever, and sees to its end. */
  exempt(request: IncomingMessage): void;
  /** The answer that is being written, which nothing else may be written into. */
  isAnswering(socket: Duplex): boolean;
  /** Says a last thing and ends the connection, whether the peer closes its side or not. */
  dismiss(socket: Duplex, farewell: string): void;
}

interface Connection {
  /** To the newest request. */
  response: ServerResponse | undefined;
  /** {@link response} as it was at an earlier look, and when that was. */
  seen: ServerResponse | undefined;
  since: number;
  pipelined: number;
  /** The answer to the newest request has no time by which it has to be taken. */
  exempt: boolean;
  /** When it was told to go. */
  dismissedAt: number | undefined;
}

export function watchConnections(server: Server, limits: ConnectionLimits): Connections {
  const { answerTimeoutMs, idleTimeoutMs, checkIntervalMs, maxConnections, maxPipelined } = limits;
  /** In the order they came; the second kind has sent a request. */
  const silent = new Map<Duplex, Connection>();
  const served = new Map<Duplex, Connection>();

  server.on("connection", (socket) => {
    if (silent.size + served.size >= maxConnections && !makeRoom()) return void socket.destroy();
    silent.set(socket, {
      response: undefined,
      seen: undefined,
      since: performance.now(),
      pipelined: 0,
      exempt: false,
      dismissedAt: undefined,
    });
    socket.once("close", () => silent.delete(socket) || served.delete(socket));
  });
  const timer = setInterval(() => {
    const now = performance.now();
    for (const connections of [silent, served]) {
      for (const [socket, connection] of connections) if (isOver(connection, now)) socket.destroy();
    }
  }, checkIntervalMs).unref();
  server.once("close", () => clearInterval(timer));

  function isOver(connection: Connection, now: number): boolean {
    if (connection.dismissedAt !== undefined) return now - connection.dismissedAt >= checkIntervalMs;
    if (connection.seen !== connection.response) {
      connection.seen = connection.response;
      connection.since = now;
    }
    const unanswered = isUnanswered(connection);
    if (unanswered && connection.exempt) return false;
    return now - connection.since > (unanswered ? answerTimeoutMs : answerTimeoutMs + idleTimeoutMs);
  }

  /**
   * Who never said anything goes first: under an attack that is who holds the connections, and a proxy's are
   * among the others.
   */
  function makeRoom(): boolean {
    const oldest = silent.keys().next().value ?? firstIdle();
    if (oldest === undefined) return false;
    // Not only once it is closed, which takes a turn of the event loop.
    silent.delete(oldest);
    served.delete(oldest);
    oldest.destroy();
    return true;
  }

  function firstIdle(): Duplex | undefined {
    for (const [socket, connection] of served) if (!isUnanswered(connection)) return socket;
    return undefined;
  }

  return {
    admit({ socket }, response) {
      const connection = served.get(socket) ?? moved(socket);
      // The rest of what a connection sent before it was ended.
      if (connection === undefined || socket.destroyed) return false;
      if (isUnanswered(connection)) {
        if (++connection.pipelined > maxPipelined) {
          socket.destroy();
          return false;
        }
        response.once("finish", () => connection.pipelined--);
      }
      connection.response = response;
      connection.exempt = false;
      return true;
    },
    exempt({ socket }) {
      const connection = served.get(socket);
      if (connection !== undefined) connection.exempt = true;
    },
    isAnswering: (socket) =>
      served.get(socket)?.response?.headersSent === true && isUnanswered(served.get(socket)),
    dismiss(socket, farewell) {
      const connection = served.get(socket) ?? silent.get(socket);
      if (connection === undefined) return void socket.destroy();
      connection.dismissedAt = performance.now();
      socket.end(farewell);
    },
  };

  function moved(socket: Duplex): Connection | undefined {
    const connection = silent.get(socket);
    if (connection === undefined) return undefined;
    silent.delete(socket);
    served.set(socket, connection);
    return connection;
  }
}

/**
 * Whether the newest request's answer is not yet with the operating system; then those before may not be
 * either.
 */
function isUnanswered(connection: Connection | undefined): boolean {
  return connection?.response !== undefined && !connection.response.writableFinished;
}
