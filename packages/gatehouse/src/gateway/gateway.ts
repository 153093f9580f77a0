import type { IncomingMessage } from "node:http";
import type { LookAgain } from "../oauth/grants/bearer-now.ts";
import { createBodies } from "./body.ts";
import type { Backend } from "./call.ts";
import { createDocuments, documentAnswer } from "./documents.ts";
import { createDoor, type Door, type GatewayServices } from "./door.ts";
import { createDoors } from "./doors.ts";
import { targetOf } from "./edge/target.ts";
import { createHttpBackend } from "./http/http-backend.ts";
import { createCallerSigning } from "./identity/signing.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { writeAnswer } from "./refusal.ts";
import { endUnacknowledged } from "./relay/gone-clients.ts";
import type { OpenStreams } from "./relay/open-streams.ts";
import { createStdioBackend } from "./stdio/stdio-backend.ts";
import { type Ended, isListening, watchStreams } from "./streams.ts";

/** What is open at a server at the moment. */
export interface InUse {
  /** Event streams to clients. */
  readonly streams: number;
  /** Processes that run; `undefined` where it is no command. */
  readonly children: number | undefined;
}

/** All doors of this process. */
export interface Gateway {
  /** Who answers the request, where it is for one of them. */
  find(request: IncomingMessage): Door | undefined;
  /** What is open at each server, by its name. */
  inUse(): ReadonlyMap<string, InUse>;
  /** Streams of those whose access ended here are looked at within a second. */
  lookSoon(ended: Ended): void;
  /**
   * Takes over another list of servers. What is under way goes on as it began; at a removed server streams
   * that answer nothing end.
   */
  apply(servers: readonly ProtectedServer[]): void;
  /**
   * For the end of the process: streams that answer nothing end at once, others after a while if they have
   * not by themselves, all after a whole event.
   */
  end(): void;
  close(): Promise<void>;
}

/** How often it is looked for clients that are gone. */
const goneClientsMs = 30_000;
/** What calls have that are answered by a stream when the process stops; its listener gives them 5 s. */
const lastCallsMs = 4000;

/** What all doors are handed from outside. */
export interface SharedServices extends Omit<GatewayServices, "streams" | "bodies"> {
  /** For the streams that are open. */
  readonly lookAgain: LookAgain;
}

export function createGateway(servers: readonly ProtectedServer[], shared: SharedServices): Gateway {
  const services = {
    ...shared,
    streams: new Set() as OpenStreams,
    bodies: createBodies(),
  };
  const published = { ...services, ...createCallerSigning(services.secretKeys, services) };
  const parts = {
    openBackend,
    openDoor: (server: ProtectedServer, backend: Backend) => createDoor(server, backend, services),
  };
  const doors = createDoors(servers, parts, (error) =>
    shared.log.error({ err: error }, "a server's connections could not be closed"),
  );
  const watch = watchStreams(services.streams, services);
  const goneClients = setInterval(() => void endUnacknowledged(services.streams), goneClientsMs).unref();
  let lastCalls: NodeJS.Timeout | undefined;
  let documents = createDocuments(servers, published);

  function openBackend(server: ProtectedServer): Backend {
    const { backend } = server;
    if (backend.kind === "http") return createHttpBackend(backend);
    return createStdioBackend(server, backend, { log: shared.log });
  }

  /** With a slash at its end or without (W05). */
  function findDoor(host: string | undefined, path: string): Door | undefined {
    return doors.find(host, path) ?? (path.endsWith("/") ? doors.find(host, path.slice(0, -1)) : undefined);
  }

  return {
    find(request) {
      const { host, path } = targetOf(request);
      const document = documents.find(host, path);
      return document === undefined ? findDoor(host, path) : withDocument(document);
    },
    inUse() {
      const streams = new Map<string, number>();
      for (const { call } of services.streams) {
        streams.set(call.server.name, (streams.get(call.server.name) ?? 0) + 1);
      }
      const served = [...doors.children()];
      return new Map(served.map(([name, children]) => [name, { streams: streams.get(name) ?? 0, children }]));
    },
    lookSoon: watch.lookSoon,
    apply(changed) {
      doors.apply(changed);
      for (const stream of services.streams) {
        if (isListening(stream.call) && !doors.isServed(stream.call.server)) stream.end();
      }
      documents = createDocuments(changed, published);
    },
    end() {
      for (const stream of services.streams) if (isListening(stream.call)) stream.end();
      lastCalls = setTimeout(() => {
        for (const stream of services.streams) stream.end();
      }, lastCallsMs).unref();
    },
    async close() {
      watch.stop();
      clearTimeout(lastCalls);
      clearInterval(goneClients);
      await doors.close();
    },
  };
}

function withDocument(document: string): Door {
  return async ({ method = "" }, response, { id }) =>
    writeAnswer(response, id, documentAnswer(method, document));
}
