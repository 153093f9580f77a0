import { Refusal } from "./refusal.ts";

/**
 * Turns node's errors about a port that cannot be had into a sentence with the variable that chooses another; any other error stays as it is.
 */
export function explainPort(error: unknown, port: number, variable: string): unknown {
  if (!(error instanceof Error) || !("code" in error)) return error;
  if (error.code === "EADDRINUSE") {
    return new Refusal(1, `port ${port} is taken by another program; choose another one with ${variable}`);
  }
  if (error.code === "EACCES") {
    return new Refusal(
      1,
      `port ${port} may not be opened by this account; choose another one with ${variable}`,
    );
  }
  return error;
}
