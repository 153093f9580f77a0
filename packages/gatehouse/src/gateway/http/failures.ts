import { errorCodes, type RefusedCall, RefusedCallError, unreadableAnswer } from "../refusal.ts";
import { ConnectTimeoutError } from "./connect.ts";
import { type Connection, HeadTimeoutError } from "./connection.ts";
import { UnsendableError } from "./request-head.ts";

/** Where a call failed, for the log. */
export type Stage = "resolve" | "connect" | "tls" | "send" | "first byte" | "read head";

const unreachable: RefusedCall = {
  status: 502,
  code: errorCodes.unreachable,
  message: "The MCP server cannot be reached.",
};
const tooSlow: RefusedCall = {
  status: 504,
  code: errorCodes.tooSlow,
  message: "The MCP server does not answer in time.",
};

/** What a client is told of a call that failed before its answer began, and what the log is. */
export function failure(error: unknown, connection: Connection): RefusedCallError {
  const { code = "" } = error as NodeJS.ErrnoException;
  const [refused, stage] = judged(error, code, connection);
  return new RefusedCallError(refused, causeOf(error), { cause: error, stage });
}

function judged(error: unknown, code: string, { stage, hasAnswered }: Connection): [RefusedCall, Stage] {
  if (error instanceof ConnectTimeoutError) return [tooSlow, stage ?? "connect"];
  if (stage !== undefined) return [unreachable, stage];
  if (error instanceof HeadTimeoutError) return [tooSlow, hasAnswered ? "read head" : "first byte"];
  if (error instanceof UnsendableError) return [unreachable, "send"];
  if (hasAnswered) return [unreadableAnswer, "read head"];
  return [unreachable, code === "EPIPE" ? "send" : "first byte"];
}

/** One line; of several attempts (one an address) each. */
function causeOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(causeOf).join("; ");
  return error instanceof Error ? error.message : String(error);
}
