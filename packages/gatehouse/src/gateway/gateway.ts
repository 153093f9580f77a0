import type { IncomingMessage, ServerResponse } from "node:http";
import type { Backend } from "./call.ts";
import { createDocuments, documentAnswer } from "./documents.ts";
import { createDoor, type Door, type GatewayServices } from "./door.ts";
import { createHttpBackend } from "./http/http-backend.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { writeAnswer } from "./refusal.ts";

/** All doors of this process. */
export interface Gateway {
  /** Whether the request is for one of them. */
  claims(request: IncomingMessage, path: string): boolean;
  handle: Door;
  /** Takes over another list of servers; what is under way goes on as it began. */
  apply(servers: readonly ProtectedServer[]): void;
  close(): Promise<void>;
}

interface OpenDoor {
  readonly door: Door;
  readonly backend: Backend;
}

export function createGateway(
  servers: readonly ProtectedServer[],
  shared: Omit<GatewayServices, "streams">,
): Gateway {
  const services: GatewayServices = { ...shared, streams: new Set() };
  let doors = open(servers);
  let documents = createDocuments(servers, services.issuer, services.metadata);

  function open(list: readonly ProtectedServer[]): Map<string, OpenDoor> {
    return new Map(list.map((server) => [new URL(server.address).pathname, openDoor(server)]));
  }

  function openDoor(server: ProtectedServer): OpenDoor {
    if (server.backend.kind === "stdio") throw new Error("servers over stdio are not there yet");
    const backend = createHttpBackend(server.backend);
    return { backend, door: createDoor(server, backend, services) };
  }

  return {
    claims: ({ headers }, path) => doors.has(path) || documents.find(headers.host, path) !== undefined,
    async handle(request: IncomingMessage, response: ServerResponse, origin) {
      const path = (request.url ?? "/").split("?", 1)[0] ?? "/";
      const document = documents.find(request.headers.host, path);
      if (document !== undefined)
        return writeAnswer(response, documentAnswer(request.method ?? "", document));
      await doors.get(path)?.door(request, response, origin);
    },
    apply(changed) {
      doors = open(changed);
      documents = createDocuments(changed, services.issuer, services.metadata);
    },
    async close() {
      await Promise.all([...doors.values()].map(({ backend }) => backend.close()));
    },
  };
}
