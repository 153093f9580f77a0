import type { ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import type { BackendAnswer } from "./call.ts";

/** Sends a server's answer on to the client. An answer that breaks off breaks the client's off. */
export async function relay(answer: BackendAnswer, response: ServerResponse): Promise<void> {
  response.writeHead(answer.status, [...answer.fields]);
  response.flushHeaders();
  await pipeline(answer.body, response).catch(() => response.destroy()); // either side left
}
