/**
 * The `endpoint` event of HTTP+SSE (MCP 2024-11-05, Transports) with another address.
 * @param replace the address that the client gets for the server's
 * @returns the event as it is, where it is another
 */
export function replaceEndpoint(event: Buffer, replace: (address: string) => string): Buffer {
  if (!event.includes("endpoint")) return event;
  const lines = event.toString().split(/\r\n|\n|\r/);
  let type = "";
  const data: string[] = [];
  for (const line of lines) {
    const [, name = line, value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
    if (name === "event") type = value;
    if (name === "data") data.push(value);
  }
  if (type !== "endpoint" || data.length === 0) return event;
  return Buffer.from(`event: endpoint\ndata: ${replace(data.join("\n"))}\n\n`);
}
