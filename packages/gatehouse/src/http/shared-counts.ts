import { createHash } from "node:crypto";
import type { BudgetStore, BudgetUse } from "../oauth/store/budgets.ts";
import { seconds } from "../oauth/values.ts";

/** What is counted at one process, and at the others: {@link createSharedCounts}. */
export interface SharedCounts {
  /**
   * One more at this process.
   * @param key of whom, in this budget
   * @param heard told how many more there were at others
   * @returns whether so much of this key is not told yet that whoever asks should {@link settle} it first
   */
  note(budget: SharedBudget, key: string, heard: (others: number) => void): boolean;
  /** Resolves once what was noted of this key is told, and what others did is heard; or cannot be now. */
  settle(budget: SharedBudget, key: string): Promise<void>;
}

export interface SharedBudget {
  readonly name: string;
  readonly count: number;
  readonly seconds: number;
}

export interface SharedCountsOptions {
  readonly store: BudgetStore;
  /** Milliseconds since 1970, of a clock that is never set back. */
  readonly now?: () => number;
  /** Milliseconds between two questions to the store. */
  readonly everyMs?: number;
}

/** Of a budget: what is counted here and not told yet is told at once from there on, */
const tellingShare = 0.015;
/** and from there on it is waited for, so that three instances go beyond it by a tenth at most. */
const waitingShare = 0.03;
/** As many keys as are told at once; the others wait for the next time. */
const maxKeysAtOnce = 1000;
/** More than these are not told of: who has so many addresses is not held back by a budget for each. */
const maxKeys = 20_000;

interface Untold {
  readonly budget: SharedBudget;
  readonly key: string;
  count: number;
  heard: (others: number) => void;
  isLate?: boolean;
}

interface Known {
  readonly windowStart: number;
  /** When that window is over, seconds. */
  readonly end: number;
  /** What the store said last. */
  total: number;
}

/**
 * Has several processes count together what each counts by itself (Z34): each tells the store once a second
 * how often something was done, or sooner where that is a good part of the budget, and hears of the others.
 * No request waits for it, unless it asks to. While the store is away each counts alone, and what it could
 * not tell is told once it is back.
 */
export function createSharedCounts(options: SharedCountsOptions): SharedCounts & { stop(): void } {
  const { store, now = monotonicNow, everyMs = 1000 } = options;
  const untold = new Map<string, Untold>();
  const known = new Map<string, Known>();
  /** What is being told at the moment, by key. */
  let underWay = new Map<string, number>();
  /** Until then it may be that what is not known was forgotten, seconds. */
  let forgetfulUntil = 0;
  let telling: Promise<void> | undefined;

  /** Another one while one is under way is that one. */
  function tell(): Promise<void> {
    if (untold.size === 0) return Promise.resolve();
    telling ??= tellSome().finally(() => {
      telling = undefined;
      if ([...untold.values()].some((each) => isMuch(each) && !each.isLate)) void tell();
    });
    return telling;
  }

  async function tellSome(): Promise<void> {
    const some = [...untold.values()].slice(0, maxKeysAtOnce);
    for (const { key } of some) untold.delete(key);
    underWay = new Map(some.map(({ key, count }) => [key, count]));
    const at = now() / 1000;
    const uses = some.map(({ budget, key, count }): BudgetUse => {
      return { key, count, windowStart: seconds(at - (at % budget.seconds)) };
    });
    try {
      const totals = await store.useBudgets(uses);
      for (const [n, use] of uses.entries()) hear(some[n] as Untold, use, totals[n] ?? use.count);
    } catch {
      // The store is away, which is told elsewhere.
      for (const each of some) {
        each.isLate = true; // told at the next regular time
        const since = untold.get(each.key);
        if (since !== undefined) each.count += since.count;
        if (since !== undefined || untold.size < maxKeys) untold.set(each.key, each);
      }
    } finally {
      underWay = new Map();
    }
  }

  function hear({ budget, heard, key }: Untold, { windowStart, count }: BudgetUse, total: number): void {
    const before = known.get(key);
    // Of what was forgotten the total holds what was counted here: taken for the others' it counted twice.
    const isForgotten = before === undefined && windowStart < forgetfulUntil;
    // Of another window, or begun anew by somebody whose clock is ahead: then all of it is news.
    const isNew = before === undefined || before.windowStart !== windowStart || total < before.total + count;
    const others = isNew ? total - count : total - before.total - count;
    known.delete(key); // so that those asked of last stand last
    known.set(key, { windowStart, end: windowStart + budget.seconds, total });
    for (const [oldest, { end }] of known) {
      if (known.size <= maxKeys) break;
      known.delete(oldest);
      forgetfulUntil = Math.max(forgetfulUntil, end);
    }
    if (others > 0 && !isForgotten) heard(others);
  }

  const timer = setInterval(() => void tell(), everyMs).unref();
  return {
    note(budget, of, heard) {
      const key = keyOf(budget.name, of);
      const entry = untold.get(key) ?? { budget, key, count: 0, heard };
      entry.count++;
      entry.heard = heard;
      if (!untold.has(key) && untold.size >= maxKeys) return false;
      untold.set(key, entry);
      if (entry.isLate) return false;
      if (isMuch(entry)) void tell();
      return entry.count + (underWay.get(key) ?? 0) >= budget.count * waitingShare;
    },
    async settle(budget, of) {
      const key = keyOf(budget.name, of);
      await telling;
      if (untold.has(key)) await tell();
    },
    stop: () => clearInterval(timer),
  };
}

const isMuch = ({ budget, count }: Untold) => count >= budget.count * tellingShare;

/** No address stands in the database. */
function keyOf(name: string, of: string): string {
  return `${name} ${createHash("sha256").update(of).digest("base64url").slice(0, 22)}`;
}

const monotonicNow = () => performance.timeOrigin + performance.now();
