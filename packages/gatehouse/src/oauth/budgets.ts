/*
 * How often somebody may do something before they have to wait (S08, E16): what of that operators can set.
 */

export interface Budget {
  readonly count: number;
  readonly seconds: number;
}

/** Each by its name in settings, metrics and the log. */
export const budgetNames = ["authorize", "token", "register", "revoke", "sign-in", "guesses"] as const;

export type BudgetName = (typeof budgetNames)[number];

/** `undefined`: as often as they like. */
export type Budgets = Readonly<Record<BudgetName, Budget | undefined>>;

const aMinute = (count: number): Budget => ({ count, seconds: 60 });

/**
 * Requests from one address, an IPv6 /64 counting as one: generous, because hosted clients share few
 * addresses. Introspection has none: an MCP server asks on every call. Wrong guesses count for one secret and
 * one address; from one address at whatever secrets there may be ten times as many.
 */
export const defaultBudgets: Readonly<Record<BudgetName, Budget>> = {
  authorize: aMinute(600),
  token: aMinute(1200),
  register: aMinute(300),
  revoke: aMinute(600),
  "sign-in": aMinute(300),
  guesses: aMinute(20),
};

/** For people who read the log: `600 a minute`, `5 in 10 s`. */
export function describeBudget({ count, seconds }: Budget): string {
  return seconds === 60 ? `${count} a minute` : `${count} in ${seconds} s`;
}
