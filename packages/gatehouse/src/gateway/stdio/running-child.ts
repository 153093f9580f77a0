import { errorCodes, RefusedCallError } from "../refusal.ts";
import { type Child, type ChildCommand, startChild } from "./child.ts";
import type { OutputLog } from "./output-log.ts";
import { createRouting, type Routing, type RoutingKind } from "./routing.ts";
import type { Timers } from "./timers.ts";

/** A child with what is under way in it. */
export interface RunningChild {
  readonly routing: Routing;
  /** A client said something just now. */
  use(): void;
  /** Whether nothing has been under way, and nobody has said anything, for so many milliseconds. */
  isQuiet(ms: number): boolean;
  /** It takes no more requests. */
  hasEnded(): boolean;
  /** It is asked whether it speaks the newest revision: some programs answer that by ending. */
  isOnTrial: boolean;
  /** Lets it go. Resolves once nothing of it is left. */
  stop(): Promise<void>;
  readonly gone: Promise<void>;
}

export interface ChildLimits {
  /** Milliseconds without anything under way after which it ends. */
  readonly idleMs: number;
  /** Milliseconds in which it has to answer for the first time. */
  readonly firstAnswerMs: number;
  /** Milliseconds a request goes on whose client has left. */
  readonly maxCallMs: number;
}

export interface ChildEnds {
  /** It takes no more requests. @param why undefined where it was let go */
  onEnd(why: string | undefined, livedMs: number): void;
}

/** @throws Error when node refuses the command */
export function runChild(
  command: ChildCommand,
  kind: RoutingKind,
  limits: ChildLimits,
  { onEnd }: ChildEnds,
  { timers, note }: { readonly timers: Timers; readonly note: OutputLog },
): RunningChild {
  const startedAt = timers.now();
  let lastUsed = startedAt;
  let ended = false;
  const child: Child = startChild(
    command,
    {
      onLine: (line) => routing.receive(line),
      onStandardError: (line) => note("stderr", line),
      onEnd: (why) => end(new RefusedCallError(child.pid === undefined ? cannotStart : hasEnded, why), why),
    },
    timers,
  );
  const routing = createRouting(kind, child, { now: timers.now, note });
  let cancelIdle = timers.after(limits.idleMs, whenIdle);
  const cancelFirst = timers.after(limits.firstAnswerMs, () => {
    if (!routing.hasAnswered()) end(new RefusedCallError(tooSlow), tooSlow.message);
  });

  function end(refusal: RefusedCallError, why?: string): void {
    if (ended) return;
    ended = true;
    cancelIdle();
    cancelFirst();
    routing.failAll(refusal);
    onEnd(why, timers.now() - startedAt);
    void child.stop();
  }

  function isQuiet(ms: number): boolean {
    const now = timers.now();
    if (routing.isBusy(now - limits.maxCallMs)) return false;
    return now - lastUsed >= ms;
  }

  function whenIdle(): void {
    const left = lastUsed + limits.idleMs - timers.now();
    if (isQuiet(limits.idleMs)) end(new RefusedCallError(hasEnded, "it was idle"));
    else cancelIdle = timers.after(left > 0 ? left : limits.idleMs, whenIdle);
  }

  return {
    routing,
    isQuiet,
    hasEnded: () => ended,
    isOnTrial: false,
    use() {
      lastUsed = timers.now();
    },
    stop() {
      end(new RefusedCallError(hasEnded, "it was stopped"));
      return child.stop();
    },
    gone: child.gone,
  };
}

const hasEnded = {
  status: 502,
  code: errorCodes.unreachable,
  message: "The MCP server has ended.",
} as const;

/** There is no such program, or it cannot be run. */
export const cannotStart = {
  status: 502,
  code: errorCodes.unreachable,
  message: "The MCP server cannot be started.",
} as const;

const tooSlow = {
  status: 504,
  code: errorCodes.tooSlow,
  message: "The MCP server does not answer.",
} as const;
