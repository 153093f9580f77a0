import type { IncomingMessage, ServerResponse } from "node:http";
import type { ProtectedServer } from "../protected-server.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import { crossOriginFields, preflightFields } from "./cross-origin.ts";
import { hasClearFraming } from "./framing.ts";
import { createHostCheck } from "./host.ts";
import { createOriginCheck } from "./origin.ts";
import { targetOf } from "./target.ts";
import { passedDoors } from "./via.ts";

/** An answer of the door's own. */
interface Preflight {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * What is asked of a request before its token: framing, host, method, origin, coding.
 * @returns the answer to a preflight; `undefined`: the request may go on
 * @throws RefusedCallError
 */
export type Edge = (request: IncomingMessage, response: ServerResponse) => Preflight | undefined;

const allowedMethods = "POST, GET, DELETE, OPTIONS";

export function createEdge(server: Pick<ProtectedServer, "address" | "origins">): Edge {
  const isOurHost = createHostCheck(server.address);
  const mayCall = createOriginCheck(server);
  return (request, response) => {
    const { method = "", rawHeaders, headers } = request;
    if (!hasClearFraming(rawHeaders)) throw refused(400, "The request's framing is not clear.");
    if (!isOurHost(targetOf(request).host)) throw refused(421, "There is no such host here.");
    const origin = headers.origin;
    if (origin !== undefined) {
      if (!mayCall(origin)) throw refused(403, "Pages of this origin may not call.");
      for (const [name, value] of crossOriginFields) response.setHeader(name, value);
    }
    if (method === "OPTIONS") return { status: 204, headers: preflightFields(headers), body: "" };
    if (method !== "POST" && method !== "GET" && method !== "DELETE") {
      throw refused(405, `The method is none of ${allowedMethods}.`, { Allow: allowedMethods });
    }
    if (passedDoors(rawHeaders, server.address)) throw refused(508, "The call has been here before.");
    if (method === "POST" && headers["content-encoding"] !== undefined) {
      throw refused(415, "The body has to be sent as it is, without coding.", {
        "Accept-Encoding": "identity",
      });
    }
    return undefined;
  };
}

function refused(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
  return new RefusedCallError({ status, code: errorCodes.invalidRequest, message, headers });
}
