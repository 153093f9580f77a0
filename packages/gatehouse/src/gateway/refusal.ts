import type { ServerResponse } from "node:http";

/** JSON-RPC codes of the door's own errors. */
export const errorCodes = {
  parse: -32700,
  invalidRequest: -32600,
  noSuchSession: -32001,
  unreachable: -32010,
  tooSlow: -32011,
  unreadable: -32012,
  wantsCredentials: -32013,
  insufficientScope: -32014,
  tooManyChildren: -32015,
  tooManyCalls: -32016,
  headerMismatch: -32020,
} as const;

/** What is answered in the place of the server: JSONRPC(status, code). */
export interface RefusedCall {
  readonly status: number;
  readonly code: (typeof errorCodes)[keyof typeof errorCodes];
  /** For the client's developer; names nothing of the server behind. */
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of the request it answers, as JSON text, where that was read but not yet noted as `Asked`. */
  readonly id?: string | undefined;
}

/** The server has answered, with what nobody could pass on. */
export const unreadableAnswer: RefusedCall = {
  status: 502,
  code: errorCodes.unreadable,
  message: "The MCP server's answer cannot be read.",
};

/** Ends a call before its answer has begun. `debug` is for the log, never for the client. */
export class RefusedCallError extends Error {
  override readonly name = "RefusedCallError";
  readonly refused: RefusedCall;
  readonly debug: string | undefined;
  /** How far the call got. */
  readonly stage: string | undefined;
  /** The name of the budget that was used up, where that is why. */
  readonly budget: string | undefined;

  constructor(
    refused: RefusedCall,
    debug?: string,
    options: { cause?: unknown; stage?: string; budget?: string } = {},
  ) {
    super(refused.message, options);
    this.refused = refused;
    this.debug = debug;
    this.stage = options.stage;
    this.budget = options.budget;
  }
}

/**
 * Writes a refusal as a JSON-RPC error.
 * @param reference of the HTTP request
 * @param id of the request it answers, as JSON text; `null` where it was not read
 */
export function writeRefusal(
  response: ServerResponse,
  reference: string,
  refused: RefusedCall,
  id = "null",
): void {
  const { status, code, message, headers } = refused;
  const body = `{"jsonrpc":"2.0","id":${refused.id ?? id},"error":${JSON.stringify({ code, message })}}`;
  writeAnswer(response, reference, {
    status,
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });
}

/** Writes a whole answer of the door's own; a body of the client's that was not read ends the connection. */
export function writeAnswer(
  response: ServerResponse,
  reference: string,
  answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  },
): void {
  response.writeHead(answer.status, {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": reference,
    ...answer.headers,
    ...(answer.status !== 204 && { "Content-Length": Buffer.byteLength(answer.body) }),
    ...(!response.req.complete && { Connection: "close" }),
  });
  response.end(answer.body);
}
