import type { Seconds } from "../values.ts";

/** Of something that may be done so often in a while. */
export interface BudgetUse {
  /** Of whom and what. */
  readonly key: string;
  /** When the while began; of a key it never goes back. */
  readonly windowStart: Seconds;
  /** How often it is done at once. */
  readonly count: number;
}

/** What is counted for all processes together. See {@link Store} for what holds for all operations. */
export interface BudgetStore {
  /**
   * Counts these uses and gives for each key how many there are in its window by now, these included: of any
   * number of callers at once each gets another number. With a new window the count begins anew.
   */
  useBudgets(uses: readonly BudgetUse[]): Promise<readonly number[]>;
}
