import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { FindBearer } from "../oauth/grants/bearer.ts";
import type { Clock, Events } from "../oauth/ports.ts";
import { readBody } from "./body.ts";
import type { Backend, Call } from "./call.ts";
import { endToEnd } from "./http/fields.ts";
import { nothingAsked } from "./messages/asked.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { RefusedCallError, writeAnswer, writeRefusal } from "./refusal.ts";
import { relay } from "./relay.ts";
import { authenticate } from "./token.ts";

/** What doors are handed. */
export interface GatewayServices {
  readonly issuer: string;
  readonly findBearer: FindBearer;
  readonly events: Events;
  readonly clock: Clock;
  readonly log: Pick<Logger, "warn" | "info" | "error">;
}

/** One protected server's door: answers one request, the steps in their order. Rejects only for a defect. */
export type Door = (
  request: IncomingMessage,
  response: ServerResponse,
  origin: { readonly id: string; readonly address: string },
) => Promise<void>;

const maxBodyBytes = 10_000_000;

export function createDoor(server: ProtectedServer, backend: Backend, services: GatewayServices): Door {
  return async (request, response, { id, address }) => {
    const gone = new AbortController();
    response.once("close", () => gone.abort());
    try {
      const bearer = await authenticate(request, server, services.findBearer);
      if (bearer === undefined) return writeAnswer(response, tokenNeeded);
      const body = request.method === "POST" ? await readBody(request, maxBodyBytes) : undefined;
      const call: Call = {
        id,
        address,
        server,
        request,
        bearer,
        body,
        asked: nothingAsked,
        session: undefined,
        signal: gone.signal,
      };
      await relay(await backend.send(call, fieldsFor(call)), response);
    } catch (error) {
      if (gone.signal.aborted) return; // nobody is there to be told
      if (!(error instanceof RefusedCallError)) throw error;
      services.log.warn({ request: id, server: server.name, detail: error.debug }, error.message);
      writeRefusal(response, error.refused);
    }
  };
}

const tokenNeeded = { status: 401, headers: { "WWW-Authenticate": "Bearer" }, body: "" };

/** What the server gets: the client's fields without its token. */
function fieldsFor({ request }: Call): string[] {
  const fields = endToEnd(request.rawHeaders);
  const left: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const [name = "", value = ""] = [fields[at], fields[at + 1]];
    if (!["authorization", "cookie", "host", "content-length"].includes(name.toLowerCase()))
      left.push(name, value);
  }
  return left;
}
