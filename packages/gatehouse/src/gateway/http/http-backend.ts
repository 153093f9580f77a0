import type { Backend, BackendAnswer, Call, HeaderFields } from "../call.ts";
import { eventStreamType, fieldOf, mediaType } from "../fields.ts";
import type { HttpBackendSettings } from "../protected-server.ts";
import { errorCodes, type RefusedCall, RefusedCallError } from "../refusal.ts";
import { Connections } from "./connections.ts";
import { Exchange } from "./exchange.ts";
import { failure } from "./failures.ts";
import { redirected } from "./redirect.ts";

const maxRedirects = 3;

/**
 * An MCP server over HTTP, with its connections. Whatever goes wrong before the answer has begun is a
 * `RefusedCallError` of 502 or 504 that names the stage; a call is sent once, and again only where the
 * server itself sends it on.
 */
export function createHttpBackend(settings: HttpBackendSettings): Backend {
  const { url, timeouts } = settings;
  const connections = new Connections(settings);
  const configuredPath = url.pathname + url.search;

  async function exchange(call: Call, path: string, fields: HeaderFields): Promise<Exchange> {
    const { request, body, signal } = call;
    const it = new Exchange(connections);
    const leave = () => it.abort(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener("abort", leave, { once: true });
    try {
      await it.send({ method: request.method ?? "GET", path, fields, body });
    } catch (error) {
      throw failure(error, it.connection);
    }
    return it;
  }

  function answerOf(it: Exchange): BackendAnswer {
    const { status, fields } = it;
    try {
      return { status, fields, body: it.takeBody(isEventStream(fields) ? 0 : timeouts.silenceMs) };
    } catch (error) {
      throw failure(error, it.connection);
    }
  }

  return {
    async send(call, fields) {
      let path = call.target ?? withQuery(configuredPath, call.request.url ?? "");
      for (let sent = 0; ; sent++) {
        const it = await exchange(call, path, fields);
        if (isPassedOn(it.status)) return answerOf(it);
        it.abort(new Error(`status ${it.status} is not passed on`));
        const next = sent < maxRedirects ? redirected(it, url, path, fields) : undefined;
        if (next === undefined) throw notPassedOn(it.status);
        path = next;
      }
    },
    async close() {
      connections.close();
    },
  };
}

function isPassedOn(status: number): boolean {
  return status !== 401 && status !== 407 && (status < 300 || status > 399);
}

/** 401 and 407 speak of credentials that are the door's to give, the others of the server's own addresses. */
function notPassedOn(status: number): RefusedCallError {
  const isChallenge = status === 401 || status === 407;
  const refused: RefusedCall = isChallenge
    ? { status: 502, code: errorCodes.wantsCredentials, message: "The MCP server did not let the call in." }
    : { status: 502, code: errorCodes.unreachable, message: "The MCP server sends calls elsewhere." };
  const debug = isChallenge
    ? `the server answered ${status}: it wants credentials of its own (credentials: in gatehouse.yaml)`
    : `the server answered ${status}, a redirect to another place, or one too many`;
  return new RefusedCallError(refused, debug, { stage: "read head" });
}

/** The configured path and query with the client's query, byte for byte. */
function withQuery(path: string, target: string): string {
  const mark = target.indexOf("?");
  if (mark === -1 || mark === target.length - 1) return path;
  return path + (path.includes("?") ? "&" : "?") + target.slice(mark + 1);
}

function isEventStream(fields: HeaderFields): boolean {
  return mediaType(fieldOf(fields, "content-type")) === eventStreamType;
}
