import { connect, type Socket } from "node:net";

/*
 * Peers as no honest client is: each sends something, and then stays as long as it is let. None ever closes
 * its side because the server did.
 */

const head = (line: string, ...headers: string[]) =>
  [`${line} HTTP/1.1`, "Host: h", ...headers, "", ""].join("\r\n");
const form = "Content-Type: application/x-www-form-urlencoded";

/** What a TLS client says first. */
const tlsHello = Buffer.concat([Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), Buffer.alloc(506, 7)]);

/** One byte every few milliseconds. */
function slowly(socket: Socket, text: string, every = 40): void {
  let at = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text[at++ % text.length] ?? "");
  }, every);
}

/** As fast as it is taken. */
function withoutEnd(socket: Socket, text: string): void {
  const more = () => {
    while (!socket.destroyed && socket.write(text));
  };
  socket.on("drain", more);
  more();
}

export const manners: Readonly<Record<string, (socket: Socket) => void>> = {
  "says nothing": () => {},
  "sends half a request line": (socket) => socket.write("GET /sma"),
  "sends headers a byte at a time": (socket) =>
    slowly(socket, `GET /small HTTP/1.1\r\nX: ${"x".repeat(9999)}`),
  "sends what is no request": (socket) => socket.write("GARBAGE\r\n\r\n"),
  "sends a good request and then what is none": (socket) =>
    socket.write(`${head("GET /small")}GARBAGE\r\n\r\n`),
  "says a TLS hello": (socket) => socket.write(tlsHello),
  "sends too long headers": (socket) => socket.write(head("GET /small", `X: ${"x".repeat(40_000)}`)),
  "asks for a tunnel": (socket) => socket.write(head("CONNECT h:443")),
  "asks for another protocol": (socket) =>
    socket.write(head("GET /small", "Connection: Upgrade", "Upgrade: h2c")),
  "announces a body that never comes": (socket) =>
    socket.write(head("POST /form", form, "Content-Length: 9")),
  "waits to be told to send its body": (socket) =>
    socket.write(head("POST /form", form, "Content-Length: 9", "Expect: 100-continue")),
  "sends its body a byte at a time": (socket) => {
    socket.write(head("POST /form", form, "Content-Length: 9999"));
    slowly(socket, "a");
  },
  "sends a broken chunk": (socket) =>
    socket.write(`${head("POST /form", form, "Transfer-Encoding: chunked")}zz\r\n`),
  "announces too long a body": (socket) => {
    socket.write(head("POST /form", form, "Content-Length: 99999999"));
    slowly(socket, "a");
  },
  "sends a body without end": (socket) => {
    socket.write(head("POST /form", form, "Transfer-Encoding: chunked"));
    withoutEnd(socket, `4000\r\n${"x".repeat(0x4000)}\r\n`);
  },
  "idles after a good request": (socket) => socket.write(head("GET /small")),
  "keeps an idle connection up by empty lines": (socket) => {
    socket.write(head("GET /small"));
    slowly(socket, "\r\n");
  },
  "reads nothing of a large answer": (socket) => socket.write(head("GET /large")),
  "pipelines and reads nothing": (socket) => withoutEnd(socket, head("GET /page").repeat(200)),
  "pipelines large answers and reads nothing": (socket) => socket.write(head("GET /large").repeat(5)),
  "closes its side in the middle": (socket) => socket.end(head("POST /form", form, "Content-Length: 9")),
  "closes its side and reads nothing": (socket) => socket.end(head("GET /large")),
  "resets in the middle": (socket) => {
    socket.write(head("POST /form", form, "Content-Length: 9"), () => socket.resetAndDestroy());
  },
};

export interface Peer {
  readonly manner: string;
  readonly port: number;
  leave(): void;
}

/** Resolves once the peer has connected and begun, or was refused. */
export function aPeer(manner: string, port: number): Promise<Peer> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const arrived = () => {
      resolve({ manner, port: socket.localPort ?? 0, leave: () => void socket.destroy() });
    };
    socket.once("connect", () => {
      arrived();
      manners[manner]?.(socket);
    });
    socket.on("error", arrived);
  });
}
