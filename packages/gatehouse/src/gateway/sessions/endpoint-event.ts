import { readEvent } from "../relay/event-data.ts";

/**
 * The `endpoint` event of HTTP+SSE (MCP 2024-11-05, Transports) with another address.
 * @param replace the address that the client gets for the server's
 * @returns the event as it is, where it is another
 */
export function replaceEndpoint(event: Buffer, replace: (address: string) => string): Buffer {
  if (!event.includes("endpoint")) return event;
  const { type, data } = readEvent(event);
  if (type !== "endpoint" || data === undefined) return event;
  return Buffer.from(`event: endpoint\ndata: ${replace(data.toString())}\n\n`);
}
