import { createHash } from "node:crypto";
import type { Bearer } from "../oauth/grants/bearer.ts";
import type { Clock } from "../oauth/ports.ts";
import type { BudgetStore } from "../oauth/store/budgets.ts";
import { type Seconds, seconds } from "../oauth/values.ts";
import type { Asked } from "./messages/asked.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { errorCodes, RefusedCallError } from "./refusal.ts";
import { folded } from "./spelling.ts";

const windowSeconds = 60;
/** More than are calling at once; the oldest are asked of the store again. */
const maxRemembered = 10_000;

/**
 * How often one person may call a server, and single tools of it, in a minute (W69). Counted in the store, so
 * that it holds for all processes together; who has used it up is refused without asking again until the
 * minute is over, so that a flood costs the others nothing.
 * @returns `undefined` where there are no limits
 */
export function createCallLimits(server: ProtectedServer, store: BudgetStore, clock: Clock) {
  const { callsPerMinute, tools } = server.limits;
  if (callsPerMinute === undefined && Object.keys(tools).length === 0) return undefined;
  /** By their plain spelling: another one may be the same tool to a server. */
  const limitOfTool = new Map(Object.entries(tools).map(([name, limit]) => [folded(name), limit]));
  /** Until when. */
  const usedUp = new Map<string, Seconds>();

  /** Throws 429 with the seconds until the next call may come. */
  return async function take(asked: Asked, { subject }: Bearer): Promise<void> {
    const limits = limitsOf(asked, subject);
    if (limits.size === 0) return;
    const now = clock.now();
    const windowStart = seconds(now - (now % windowSeconds));
    const end = seconds(windowStart + windowSeconds);
    for (const key of limits.keys()) if ((usedUp.get(key) ?? 0) > now) throw tooManyCalls(end - now);
    const uses = [...limits].map(([key, { count }]) => ({ key, windowStart, count }));
    const totals = await store.useBudgets(uses);
    const over = [...limits].filter(([, { limit }], at) => (totals[at] ?? 0) > limit);
    for (const [key] of over) remember(key, end, now);
    if (over.length > 0) throw tooManyCalls(end - now);
  };

  function limitsOf(asked: Asked, subject: string): Map<string, { readonly limit: number; count: number }> {
    const limits = new Map<string, { readonly limit: number; count: number }>();
    const add = (limit: number | undefined, tool = "") => {
      if (limit === undefined) return;
      const key = createHash("sha256")
        .update(JSON.stringify([server.name, subject, tool]))
        .digest("base64url");
      const known = limits.get(key) ?? { limit, count: 0 };
      known.count++;
      limits.set(key, known);
    };
    for (const { kind, method, targets } of asked.messages) {
      const isToolCall = method === "tools/call"; // a notification too, which a server may run all the same
      if (kind !== "request" && !isToolCall) continue;
      add(callsPerMinute);
      const tool = isToolCall ? folded(targets[0]?.name ?? "") : "";
      if (tool !== "") add(limitOfTool.get(tool), tool);
    }
    return limits;
  }

  function remember(key: string, until: Seconds, now: Seconds): void {
    if (usedUp.size >= maxRemembered) {
      for (const [each, ended] of usedUp) if (ended <= now) usedUp.delete(each);
      if (usedUp.size >= maxRemembered) usedUp.clear();
    }
    usedUp.set(key, until);
  }
}

function tooManyCalls(wait: number): RefusedCallError {
  return new RefusedCallError(
    {
      status: 429,
      code: errorCodes.tooManyCalls,
      message: "Too many calls in a minute.",
      headers: { "Retry-After": String(wait) },
    },
    "the limit of calls a person was reached",
    { stage: "limit", budget: "calls" },
  );
}
