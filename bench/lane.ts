import { connect, type Socket } from "node:net";

/**
 * One kept-alive connection that has one request under way at a time. It reads no more of an answer than the
 * measurement needs, because what the load costs is taken from the core that makes it.
 */
export class Lane {
  readonly #socket: Socket;
  #arrived: Buffer | undefined;
  #wantsBody = false;
  #done: (status: number, body: string) => void = () => {};

  /** @param onError the connection broke, which no server may do while it is measured */
  constructor(host: string, port: number, onError: (error: Error) => void) {
    this.#socket = connect({ host, port, noDelay: true });
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk)).on("error", onError);
    this.#socket.on("close", () => onError(new Error("the server closed a connection")));
  }

  /** Sends a whole request. `done` gets the answer's status, and its body if it is wanted. */
  send(request: string | Buffer, wantsBody: boolean, done: (status: number, body: string) => void): void {
    this.#done = done;
    this.#wantsBody = wantsBody;
    this.#socket.write(request);
  }

  close(): void {
    this.#socket
      .removeAllListeners("close")
      .removeAllListeners("error")
      .on("error", () => {})
      .destroy();
  }

  #read(chunk: Buffer): void {
    const answer = this.#arrived === undefined ? chunk : Buffer.concat([this.#arrived, chunk]);
    const head = answer.indexOf("\r\n\r\n");
    if (head === -1 || !isWhole(answer, head)) {
      this.#arrived = answer;
      return;
    }
    this.#arrived = undefined;
    const status = Number(answer.toString("latin1", 9, 12));
    this.#done(status, this.#wantsBody ? answer.toString("utf8", head + 4) : "");
  }
}

function isWhole(answer: Buffer, head: number): boolean {
  const headers = answer.toString("latin1", 0, head);
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(headers) ?? [];
  if (length !== undefined) return answer.length >= head + 4 + Number(length);
  if (/\r\ntransfer-encoding: *chunked/i.test(headers))
    return answer.toString("latin1", answer.length - 5) === "0\r\n\r\n";
  return true;
}
