import { oneLine } from "../oauth/harmless.ts";

interface DescribedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string;
  /** Where it happened, without the message, a frame a line. */
  readonly stack?: string;
  readonly cause?: DescribedError;
}

const deepest = 4;
const maxFrames = 20;

/**
 * An error as the log shows it: kind, message, code, where it happened, and what caused it. Nothing else of
 * it: errors of libraries carry whole requests and responses with them, credentials included.
 * @param withStack false: without where it happened
 */
export function describeError(error: unknown, withStack = true, depth = 0): DescribedError {
  if (!(error instanceof Error)) return { type: typeof error, message: oneLine(String(error), 500) };
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const stack = withStack ? frames(error) : "";
  return {
    type: oneLine(error.name),
    message: oneLine(error.message, 500),
    ...(code !== undefined && { code: oneLine(code) }),
    ...(stack !== "" && { stack }),
    ...(error.cause !== undefined &&
      depth < deepest && { cause: describeError(error.cause, withStack, depth + 1) }),
  };
}

/**
 * Without its head, which repeats the message: a stranger may have written that, with line breaks and all.
 */
function frames({ stack = "", message }: Error): string {
  const head = stack.indexOf(message);
  return stack
    .slice(head === -1 ? 0 : head + message.length)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, maxFrames)
    .map((line) => oneLine(line, 500))
    .join("\n");
}
