import { subscribe } from "node:diagnostics_channel";
import type { Socket } from "node:net";
import type { ListenerOptions } from "../../src/http/listener.ts";
import { json } from "../../src/oauth/messages/response.ts";
import { startEdge } from "./edge.ts";

/*
 * The edge in a process of its own, for `stubborn-peers.test.ts`: with limits of its own, and able to tell
 * which connections it holds. Its argument is the options of the listener, as JSON.
 */

export type Question = { readonly ask: "emptied"; readonly withinMs: number } | { readonly ask: "megabytes" };
/**
 * The port it listens on first; then to each question the ports of peers still there, or the memory in use
 * that is no garbage.
 */
export type Answer =
  | { readonly port: number }
  | { readonly peers: number[] }
  | { readonly megabytes: number };

const open = new Set<Socket>();
let whenEmptied: (() => void) | undefined;

subscribe("net.server.socket", (message) => {
  const { socket } = message as { socket: Socket };
  open.add(socket);
  socket.once("close", () => {
    open.delete(socket);
    if (open.size === 0) whenEmptied?.();
  });
});

const page = "x".repeat(64 * 1024);
/** More than a connection's buffers take. */
const large = "x".repeat(6 * 1024 * 1024);
const options = JSON.parse(process.argv[2] ?? "{}") as Partial<ListenerOptions>;
const edge = await startEdge({
  routes: [
    { path: "/small", get: async () => json(200, { ok: true }), audience: "program" },
    { path: "/page", get: async () => ({ status: 200, body: page }), audience: "program" },
    { path: "/large", get: async () => ({ status: 200, body: large }), audience: "program" },
    { path: "/form", post: async ({ form }) => json(200, { a: form?.get("a") }), audience: "program" },
  ],
  ...options,
});

process.on("message", (question: Question) => {
  if (question.ask === "megabytes") {
    globalThis.gc?.();
    return answer({ megabytes: process.memoryUsage().heapUsed / 2 ** 20 });
  }
  const tell = () => {
    clearTimeout(late);
    whenEmptied = undefined;
    answer({ peers: [...open].map(({ remotePort = 0 }) => remotePort) });
  };
  const late = setTimeout(tell, question.withinMs);
  if (open.size === 0) tell();
  else whenEmptied = tell;
});
// It ends with its parent.
process.once("disconnect", () => process.exit());
answer({ port: edge.port });

function answer(message: Answer): void {
  process.send?.(message);
}
