import type { IncomingMessage } from "node:http";
import type { Bearer } from "../../oauth/grants/bearer.ts";
import type { Events } from "../../oauth/ports.ts";
import type { Call, HeaderFields } from "../call.ts";
import type { Asked } from "../messages/asked.ts";
import type { ProtectedServer } from "../protected-server.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import type { AnswerRewriter } from "../relay/rewriter.ts";
import { bareName } from "../spelling.ts";
import { replaceEndpoint } from "./endpoint-event.ts";
import { type Owner, type Purpose, seal, unseal } from "./sealed.ts";

/** The session that a request goes on with, and where in it. */
export type Continued = Pick<Call, "session" | "lastEventId" | "target">;

/** Sessions of older revisions at one server: each belongs to the person and client who opened it. */
export interface Sessions {
  /**
   * What the server is told of the session in the place of what the client sent. Throws one and the same 404
   * for what is not this caller's (W44), without a word to the server.
   */
  resume(request: IncomingMessage, asked: Asked, caller: SessionCaller): Continued;
  /** Seals what the server's answer says of sessions. */
  rewriter(call: Call): AnswerRewriter;
}

export interface SessionCaller {
  /** The request's reference. */
  readonly id: string;
  readonly address: string;
  readonly bearer: Bearer;
}

export interface SessionServices {
  readonly secretKeys: readonly [Buffer, ...Buffer[]];
  readonly events: Events;
}

/** Of the address at the door that stands for a server's own HTTP+SSE endpoint. */
const endpointParameter = "gatehouse-session";
const none: Continued = { session: undefined, lastEventId: undefined, target: undefined };

export function createSessions(server: ProtectedServer, { secretKeys, events }: SessionServices): Sessions {
  /** Whether this server's answers name sessions; `undefined` until one could have. */
  let givesSessions: boolean | undefined;
  /** Names of the parameters in which its HTTP+SSE endpoints carry sessions. */
  const sessionParameters = new Set(["sessionid"]);

  const ownerOf = ({ subject, clientId }: Bearer): Owner => ({ subject, clientId, server: server.name });

  function open(sealed: string, purpose: Purpose, { id, address, bearer }: SessionCaller): string {
    const opened = unseal(sealed, purpose, ownerOf(bearer), secretKeys);
    if (opened === "foreign") {
      events.emit({
        name: "session_foreign",
        request: id,
        subject: bearer.subject,
        client: bearer.clientId,
        resource: server.address,
        grant: bearer.grantId,
        attempt: bearer.reference,
        address,
      });
    }
    if (opened === undefined || opened === "foreign") throw noSuchSession();
    return opened.text;
  }

  /** The server's own endpoint, where the request is for one by its address at the door. */
  function targetOf(request: IncomingMessage, caller: SessionCaller): string | undefined {
    if (!request.url?.includes("?")) return undefined;
    const query = queryOf(request);
    const sealed = query.get(endpointParameter);
    if (sealed !== null) {
      if (request.method !== "POST" || query.size > 1) throw noSuchSession();
      return open(sealed, "endpoint", caller);
    }
    // The server would take its own for it, whoever sends it.
    for (const name of query.keys()) if (sessionParameters.has(bareName(name))) throw noSuchSession();
    return undefined;
  }

  function sealFor(text: string, purpose: Purpose, { bearer }: Call): string {
    const sealed = seal(text, purpose, ownerOf(bearer), secretKeys);
    if (sealed !== undefined) return sealed;
    const message = "The MCP server's session cannot be passed on.";
    const refused = { status: 502, code: errorCodes.unreadable, message };
    throw new RefusedCallError(refused, "its id or endpoint is longer than some 700 characters");
  }

  function sealFields(fields: HeaderFields, call: Call): HeaderFields {
    const sealed: string[] = [];
    let named = false;
    for (let at = 0; at < fields.length; at += 2) {
      const name = fields[at] as string;
      const value = fields[at + 1] as string;
      if (name.length !== 14 || name.toLowerCase() !== "mcp-session-id") sealed.push(name, value);
      else if (call.asked.era === "legacy") {
        named = true;
        // As the client knows it, so that a change of keys does not change it.
        const sent = call.request.headers["mcp-session-id"] as string | undefined;
        const known = value === call.session ? sent : undefined;
        sealed.push(name, known ?? sealFor(value, "session", call));
      }
    }
    if (named) givesSessions = true;
    else if (call.asked.messages.some(({ method }) => method === "initialize")) givesSessions ??= false;
    return sealed;
  }

  function sealEndpoint(address: string, call: Call): string {
    const { backend } = server;
    if (backend.kind === "stdio") throw new Error("a child process has no endpoint");
    const { url } = backend;
    const endpoint = URL.canParse(address, url) ? new URL(address, url) : undefined;
    if (endpoint?.origin !== url.origin) {
      const refused = { status: 502, code: errorCodes.unreadable, message: "The MCP server is elsewhere." };
      throw new RefusedCallError(refused, "its endpoint event names an address at another origin");
    }
    // What the client or the operator says at each request is no secret of a session.
    const said = new Set([...queryOf(call.request).keys(), ...url.searchParams.keys()]);
    for (const name of endpoint.searchParams.keys())
      if (!said.has(name)) sessionParameters.add(bareName(name));
    const sealed = sealFor(endpoint.pathname + endpoint.search, "endpoint", call);
    return `${new URL(server.address).pathname}?${endpointParameter}=${sealed}`;
  }

  return {
    resume(request, asked, caller) {
      const target = targetOf(request, caller);
      if (asked.era === "modern") return { ...none, target }; // W46
      const sealed = request.headers["mcp-session-id"] as string | undefined;
      const lastEventId = request.headers["last-event-id"] as string | undefined;
      if (sealed === undefined && lastEventId === undefined && target === undefined) return none;
      const session = sealed === undefined ? undefined : open(sealed, "session", caller);
      // Without a session whoever knows an event's id could go on with another's stream (W47).
      const mayResume = session !== undefined || givesSessions === false;
      return { session, lastEventId: mayResume ? lastEventId : undefined, target };
    },
    rewriter: (call) => ({
      fields: (fields) => sealFields(fields, call),
      // Only the older HTTP+SSE begins with a GET that has no session.
      ...(call.request.method === "GET" &&
        call.session === undefined &&
        call.asked.era === "legacy" && {
          event: (event: Buffer) => replaceEndpoint(event, (address) => sealEndpoint(address, call)),
        }),
    }),
  };
}

function queryOf({ url = "" }: IncomingMessage): URLSearchParams {
  const mark = url.indexOf("?");
  return new URLSearchParams(mark === -1 ? "" : url.slice(mark));
}

/** Whatever is wrong with it, the same: clients begin anew, and nothing is told (W44). */
function noSuchSession(): RefusedCallError {
  return new RefusedCallError({ status: 404, code: errorCodes.noSuchSession, message: "Session not found" });
}
