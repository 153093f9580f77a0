import { createServer } from "node:http";
import { closeServer, listen } from "../../support/upstream.ts";

/** Where a desktop client waits for the browser: a loopback address that says the window can be closed. */
export interface Callback {
  readonly url: string;
  close(): Promise<void>;
}

export async function startCallback(): Promise<Callback> {
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("You can close this window.");
  });
  const origin = await listen(server);
  return { url: `${origin}/callback`, close: () => closeServer(server) };
}
