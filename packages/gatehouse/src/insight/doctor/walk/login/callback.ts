import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** Where the browser of whoever signs in comes back to: a loopback address, as clients here have one. */
export interface CallbackListener {
  readonly url: string;
  /**
   * Resolves with the answer that carries this state; `undefined` when none came in time.
   * @param timeout milliseconds
   * @param signal aborted when nobody is waited for any more
   */
  answerTo(
    state: string,
    timeout: number,
    signal: AbortSignal | undefined,
  ): Promise<URLSearchParams | undefined>;
  close(): void;
}

export async function listenForCallback(): Promise<CallbackListener> {
  const waiting = new Map<string, (answer: URLSearchParams) => void>();
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
    const take = waiting.get(searchParams.get("state") ?? "");
    const isExpected = pathname === "/callback" && take !== undefined;
    response.writeHead(isExpected ? 200 : 404, {
      "content-type": "text/plain; charset=utf-8",
      "cache-control": "no-store",
      connection: "close",
    });
    response.end(
      isExpected ? "Gatehouse doctor has what it needs. You can close this window.\n" : "Not found\n",
    );
    if (isExpected) take(searchParams);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/callback`,
    answerTo(state, timeout, signal) {
      const { promise, resolve } = Promise.withResolvers<URLSearchParams | undefined>();
      const giveUp = () => resolve(undefined);
      const timer = setTimeout(giveUp, timeout);
      signal?.addEventListener("abort", giveUp, { once: true });
      if (signal?.aborted) giveUp();
      waiting.set(state, resolve);
      return promise.finally(() => {
        clearTimeout(timer);
        waiting.delete(state);
      });
    },
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
