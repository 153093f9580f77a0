import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { Bearer } from "../oauth/grants/bearer.ts";
import type { Asked } from "./messages/asked.ts";
import type { ProtectedServer } from "./protected-server.ts";

/** One request of a client on its way to a server, once it is known that it may go there. */
export interface Call {
  /** Its reference in the log. */
  readonly id: string;
  /** The client's network address. */
  readonly address: string;
  readonly server: ProtectedServer;
  readonly request: IncomingMessage;
  readonly bearer: Bearer;
  /** As sent, of a POST; else undefined. */
  readonly body: Buffer | undefined;
  /** What the body asks for; of GET and DELETE nothing. */
  readonly asked: Asked;
  /** The server's own id of the session, which the client never sees. */
  readonly session: string | undefined;
  /** The last event the client has of a stream it may go on with. */
  readonly lastEventId: string | undefined;
  /** Path and query to send it to in the place of the server's own: HTTP+SSE has an endpoint a session. */
  readonly target: string | undefined;
  /** Aborted once the client has gone away, or the call has to end for another reason. */
  readonly signal: AbortSignal;
}

/** Where calls go: a server over HTTP, or child processes. */
export interface Backend {
  /**
   * Resolves once the answer has begun. Rejects with a `RefusedCallError` for anything that goes wrong
   * before (502, 503, 504); what goes wrong later breaks the body's stream.
   */
  send(call: Call, fields: HeaderFields): Promise<BackendAnswer>;
  /** Processes of it that run; undefined where it has none. */
  readonly children?: () => number;
  /** Ends connections and children. */
  close(): Promise<void>;
}

/** Header fields in their order, name and value by turns, as in `rawHeaders`. */
export type HeaderFields = readonly string[];

export interface BackendAnswer {
  readonly status: number;
  /** As the server sent them. */
  readonly fields: HeaderFields;
  /** Whole where it was there with the head. */
  readonly body: Readable | Buffer;
}

/** Tells of calls in spans (OpenTelemetry). */
export interface CallTracing {
  /** Notes whose door a request came to. */
  came(server: ProtectedServer): void;
  /**
   * A call that is about to be sent, with the fields it is to be sent with; `undefined` where it is not told
   * of, and its fields stay as they are.
   */
  begin(server: ProtectedServer, method: string | undefined, fields: HeaderFields): TracedCall | undefined;
}

export interface TracedCall {
  readonly fields: HeaderFields;
  /** Its answer has begun. */
  answered(status: number): void;
  failed(type: string): void;
}

/** Sends a call, and tells of it. */
export async function sendTraced(
  backend: Backend,
  call: Call,
  fields: HeaderFields,
  spans: CallTracing,
): Promise<BackendAnswer> {
  const traced = spans.begin(call.server, call.request.method, fields);
  if (traced === undefined) return backend.send(call, fields);
  try {
    const answer = await backend.send(call, traced.fields);
    traced.answered(answer.status);
    return answer;
  } catch (error) {
    traced.failed(error instanceof Error ? error.name : "Error");
    throw error;
  }
}
