import { connect } from "node:net";

/**
 * A request by its bytes, written as one character a byte, so that nothing on the way corrects what is wrong
 * with it.
 */
export interface RawRequest {
  readonly method: string;
  /** With its query. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface RawResponse {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  /** Names in lower case; of several with one name the last. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends it on a connection of its own and resolves with the answer once that has ended. */
export function exchange(port: number, request: RawRequest): Promise<RawResponse> {
  const { method, target, headers, body } = request;
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  const bytes = Buffer.from(`${lines.join("\r\n")}\r\n\r\n${body}`, "latin1");
  return new Promise((resolve) => {
    const received: Buffer[] = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    // No answer at all is an answer of status 0.
    socket.setTimeout(10_000, () => socket.destroy());
    // A server that refuses a body unread may reset the connection after its answer.
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(parse(Buffer.concat(received))));
  });
}

function parse(bytes: Buffer): RawResponse {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.subarray(0, Math.max(end, 0)).toString("latin1").split("\r\n");
  const headers = Object.fromEntries(
    lines.map((line) => [
      line.slice(0, line.indexOf(":")).toLowerCase(),
      line.slice(line.indexOf(":") + 1).trim(),
    ]),
  );
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? 0),
    headers,
    body: bytes.subarray(end + 4).toString(),
  };
}
