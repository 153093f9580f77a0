import type { Clock } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import type { Asked } from "../messages/asked.ts";
import type { ProtectedServer } from "../protected-server.ts";
import type { AnswerObserver, RelayEnd } from "../relay/rewriter.ts";
import { OutcomeReader } from "./outcome.ts";

/** Told of the tools that a server says it has. */
export type OnToolsListed = (server: string, tools: readonly string[]) => void;

export interface ListedTools {
  readonly observer: AnswerObserver;
  finished(end: RelayEnd): void;
}

/** So often at most a server's list is read, seconds: one page of it, whoever asked. */
const readEvery = 10;
const maxNameLength = 200;

/**
 * Looks on, now and then, while a server lists its tools: only those names are counted by themselves (Z27).
 * A list that is coded, over 1 MB, or answered on another stream (HTTP+SSE) is not read.
 */
export function createToolLists(server: ProtectedServer, clock: Clock, onListed: OnToolsListed | undefined) {
  let nextAt: Seconds | undefined;
  onListed?.(server.name, Object.keys(server.auditedArguments)); // those the operator names
  /** `undefined` where no list is asked for, or one was read just now. */
  return ({ messages }: Asked): ListedTools | undefined => {
    const [message, ...others] = messages;
    if (onListed === undefined || message?.method !== "tools/list" || others.length > 0) return undefined;
    const now = clock.now();
    if (nextAt !== undefined && now < nextAt && now >= nextAt - readEvery) return undefined;
    nextAt = (now + readEvery) as Seconds;
    const reader = new OutcomeReader([message.id], (result) => onListed(server.name, namesOf(result)));
    return { observer: reader, finished: (end) => void reader.outcomeOf(message.id, end) };
  };
}

function namesOf(result: unknown): string[] {
  const tools = typeof result === "object" && result !== null && "tools" in result ? result.tools : [];
  if (!Array.isArray(tools)) return [];
  return tools
    .map((tool: unknown) => (typeof tool === "object" && tool !== null && "name" in tool ? tool.name : ""))
    .filter(
      (name): name is string => typeof name === "string" && name !== "" && name.length <= maxNameLength,
    );
}
