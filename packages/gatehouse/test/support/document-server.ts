import { createServer } from "node:http";
import { closeServer, listen } from "./upstream.ts";

/** A web server on which clients publish documents about themselves; what it serves can be changed. */
export interface DocumentServer {
  readonly url: string;
  /** Publishes a document. */
  publish(
    path: string,
    document: unknown,
    answer?: { status?: number; headers?: Record<string, string> },
  ): void;
  /** How often a path was asked for. */
  fetches(path: string): number;
  close(): Promise<void>;
}

export async function startDocumentServer(): Promise<DocumentServer> {
  const documents = new Map<string, { body: string; status: number; headers: Record<string, string> }>();
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const { body, status, headers } = documents.get(path) ?? { body: "", status: 404, headers: {} };
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(body);
  });
  const url = await listen(server);
  return {
    url,
    publish(path, document, { status = 200, headers = {} } = {}) {
      documents.set(path, { body: JSON.stringify(document), status, headers });
    },
    fetches: (path) => counts.get(path) ?? 0,
    close: () => closeServer(server),
  };
}
