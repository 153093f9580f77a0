import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { selfSigned } from "./self-signed.ts";

export interface SyslogServer {
  readonly port: number;
  /** Whole messages so far, without their counts. */
  readonly messages: string[];
  /** What is no message: a receiver that reads by the counts would have lost its way. */
  readonly strays: string[];
  readonly connections: Socket[];
  /** Waits until there are so many messages. */
  until(count: number): Promise<void>;
  /** Ends its connections, and takes no more until `listen`. */
  leave(): Promise<void>;
  listen(): Promise<void>;
}

/**
 * A syslog server that reads frames by their counts of octets (RFC 6587 §3.4.1), until the end of the test.
 * @param reads false: it takes connections, and never reads from them
 */
export async function aSyslogServer(
  t: Pick<TestContext, "after">,
  { reads = true, tls = false }: { reads?: boolean; tls?: boolean } = {},
): Promise<SyslogServer> {
  const messages: string[] = [];
  const strays: string[] = [];
  const connections: Socket[] = [];
  const waiting = new Set<() => void>();
  const take = (socket: Socket) => {
    connections.push(socket);
    socket.on("error", () => undefined);
    if (!reads) return void socket.pause();
    let held = "";
    socket.setEncoding("latin1").on("data", (piece) => {
      held += piece;
      for (;;) {
        const [prefix, digits] = /^([1-9]\d*) /.exec(held) ?? [];
        if (prefix === undefined) {
          if (!/^\d{0,6}$/.test(held)) strays.push(held);
          break;
        }
        if (held.length < prefix.length + Number(digits)) break;
        messages.push(held.slice(prefix.length, prefix.length + Number(digits)));
        held = held.slice(prefix.length + Number(digits));
      }
      for (const look of waiting) look();
    });
  };
  const make = () => (tls ? createTlsServer(selfSigned, take) : createServer(take));
  let server = make();
  let port = 0;
  const listen = async () => {
    server = make();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  };
  const leave = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of connections.splice(0)) socket.destroy();
    await closed;
  };
  await listen();
  t.after(leave);
  return {
    port,
    messages,
    strays,
    connections,
    listen,
    leave,
    until: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (messages.length < count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
