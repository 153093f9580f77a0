export interface ConfigProblem {
  /** The environment variable, or what stands in the file: `server.port`. */
  readonly variable: string;
  /** In the file: `gatehouse.yaml:3:9`, with line and column. */
  readonly place?: string | undefined;
  /** What was found; of a secret only its length. */
  readonly found: string;
  readonly expected: string;
}

/** Everything that is wrong with the configuration, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly errors: readonly ConfigProblem[];

  constructor(errors: readonly ConfigProblem[]) {
    super(errors.map((error) => `${nameOf(error)}: ${error.found}; ${error.expected}`).join("\n"));
    this.errors = errors;
  }
}

/** What an error is about, with its place when it is in a file. */
export function nameOf({ variable, place }: ConfigProblem): string {
  return [place, variable].filter(Boolean).join(" ");
}

/** What is written in the place of a URL that may hold a password: shown only where it is written as one. */
export function quoteUrl(text: string): string {
  return /^(?:sqlite:|[./])|:\/\//.test(text) ? quote(text) : `a value of ${text.length} characters`;
}

/**
 * A value as a fault shows it: without control characters, not too long, and without the password a database
 * or other URL may carry.
 */
export function quote(text: string): string {
  const shown = JSON.stringify(text.replace(/:.*@/s, ":…@").replace(/(\?|passw(?:or)?d\s*=).*/is, "$1…"));
  return shown.length > 120 ? `${shown.slice(0, 119)}…"` : shown;
}
