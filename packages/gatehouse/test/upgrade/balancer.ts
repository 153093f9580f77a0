import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { closeServer, listen } from "../support/upstream.ts";

/** Spreads requests over instances one after the other, and tries none twice: what fails is seen to fail. */
export interface Balancer {
  readonly url: string;
  add(port: number): void;
  /** No request goes there any more. Returns when those that went have their answer. */
  remove(port: number): Promise<void>;
  close(): Promise<void>;
}

export async function startBalancer(): Promise<Balancer> {
  const ports: number[] = [];
  const underWay = new Map<number, Set<ServerResponse>>();
  let turn = 0;
  const pass = (from: IncomingMessage, to: ServerResponse) => {
    const port = ports[turn++ % ports.length] ?? 0;
    const answers = underWay.get(port);
    answers?.add(to);
    to.once("close", () => answers?.delete(to));
    const { method, url: path, headers } = from;
    const onward = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      to.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(to);
    });
    onward.on("error", (error) => to.destroy(error));
    from.pipe(onward);
  };
  const server = createServer(pass);
  const url = (await listen(server)).replace("127.0.0.1", "localhost");
  return {
    url,
    add(port) {
      ports.push(port);
      underWay.set(port, new Set());
    },
    async remove(port) {
      ports.splice(ports.indexOf(port), 1);
      await Promise.all([...(underWay.get(port) ?? [])].map((answer) => once(answer, "close")));
    },
    close: () => closeServer(server),
  };
}
