export interface VariableError {
  readonly variable: string;
  /** What was found; of a secret only its length. */
  readonly found: string;
  readonly expected: string;
}

/** Everything that is wrong with the environment, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly errors: readonly VariableError[];

  constructor(errors: readonly VariableError[]) {
    super(errors.map(({ variable, found, expected }) => `${variable}: ${found}; ${expected}`).join("\n"));
    this.errors = errors;
  }
}

/** A value as a fault shows it: without control characters, not too long, and without the password a database or other URL may carry. */
export function quote(text: string): string {
  const shown = JSON.stringify(text.replace(/:.*@/s, ":…@").replace(/(\?|passw(?:or)?d\s*=).*/is, "$1…"));
  return shown.length > 120 ? `${shown.slice(0, 119)}…"` : shown;
}
