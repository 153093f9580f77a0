import { createServer, request as send } from "node:http";
import type { TestContext } from "node:test";
import { closeServer, listen } from "../../support/upstream.ts";

/**
 * For programs that cannot be given a token: passes everything on as it is, with one.
 * @param target origin and path, which take the place of its own
 */
export async function startTokenAdder(t: TestContext, target: string, token: string): Promise<string> {
  const { hostname, port, host } = new URL(target);
  const server = createServer((incoming, outgoing) => {
    const own = incoming.headers.host === new URL(url).host;
    const headers = { ...incoming.headers, authorization: `Bearer ${token}`, ...(own && { host }) };
    const { method, url: path } = incoming;
    const passed = send({ hostname, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing).on("error", () => answer.destroy());
    });
    passed.on("error", () => outgoing.destroy());
    outgoing.on("close", () => passed.destroy());
    incoming.pipe(passed);
  });
  t.after(() => closeServer(server));
  const origin = await listen(server);
  const url = `${origin}${new URL(target).pathname}`;
  return url;
}
