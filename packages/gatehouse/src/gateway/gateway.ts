import type { IncomingMessage, ServerResponse } from "node:http";
import { createBodies } from "./body.ts";
import type { Backend, Call } from "./call.ts";
import { createDocuments, documentAnswer } from "./documents.ts";
import { createDoor, type Door, type GatewayServices } from "./door.ts";
import { createDoors } from "./doors.ts";
import { type RequestTarget, targetOf } from "./edge/target.ts";
import { createHttpBackend } from "./http/http-backend.ts";
import { createCallerSigning } from "./identity/signing.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { writeAnswer } from "./refusal.ts";
import { createStdioBackend } from "./stdio/stdio-backend.ts";

/** All doors of this process. */
export interface Gateway {
  /** Whether the request is for one of them. */
  claims(request: IncomingMessage): boolean;
  handle: Door;
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

/** What calls have that are answered by a stream when the process stops; its listener gives them 5 s. */
const lastCallsMs = 4000;

export function createGateway(
  servers: readonly ProtectedServer[],
  shared: Omit<GatewayServices, "streams" | "bodies" | "isServed">,
): Gateway {
  const services: GatewayServices = {
    ...shared,
    streams: new Set(),
    bodies: createBodies(),
    isServed: (server) => doors.isServed(server),
  };
  const published = { ...services, ...createCallerSigning(services.secretKeys, services) };
  const parts = {
    openBackend,
    openDoor: (server: ProtectedServer, backend: Backend) => createDoor(server, backend, services),
  };
  const doors = createDoors(servers, parts, (error) =>
    shared.log.error({ err: error }, "a server's connections could not be closed"),
  );
  let lastCalls: NodeJS.Timeout | undefined;
  let documents = createDocuments(servers, published);

  function openBackend(server: ProtectedServer): Backend {
    const { backend } = server;
    if (backend.kind === "http") return createHttpBackend(backend);
    return createStdioBackend(server, backend, { log: shared.log });
  }

  /** With a slash at its end or without (W05). */
  function findDoor({ host, path }: RequestTarget): Door | undefined {
    return doors.find(host, path) ?? (path.endsWith("/") ? doors.find(host, path.slice(0, -1)) : undefined);
  }

  return {
    claims(request) {
      const target = targetOf(request);
      return documents.find(target.host, target.path) !== undefined || findDoor(target) !== undefined;
    },
    async handle(request: IncomingMessage, response: ServerResponse, origin) {
      const target = targetOf(request);
      const document = documents.find(target.host, target.path);
      if (document !== undefined)
        return writeAnswer(response, documentAnswer(request.method ?? "", document));
      await findDoor(target)?.(request, response, origin);
    },
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
      clearTimeout(lastCalls);
      await doors.close();
    },
  };
}

/** Whether its stream answers no request, but tells what happens, for as long as that may be. */
function isListening({ request, asked }: Call): boolean {
  return request.method === "GET" || asked.messages.some(({ method }) => method === "subscriptions/listen");
}
