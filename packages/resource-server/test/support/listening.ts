import { createServer, type RequestListener, type Server } from "node:http";

export interface Listening {
  /** Without trailing slash. */
  readonly origin: string;
  /** How many connections have been opened to it. */
  connections(): number;
  close(): Promise<void>;
}

/** A server on a free loopback port. */
export function listen(listener: RequestListener): Promise<Listening> {
  return listenWith(createServer(listener));
}

export async function listenWith(server: Server): Promise<Listening> {
  let connections = 0;
  server.on("connection", () => connections++);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    origin: `http://127.0.0.1:${address.port}`,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
