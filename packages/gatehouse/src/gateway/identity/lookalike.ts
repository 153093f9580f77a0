import { bareName } from "../spelling.ts";

/**
 * Whether a name from outside could be taken for one of the door's own by a server that folds them (W37): CGI
 * and its kin put `HTTP_` before each, so that two names can be one to them.
 * @param own bare names
 */
export function isLookalike(name: string, own: ReadonlySet<string>): boolean {
  const folded = bareName(name);
  const bare = folded.startsWith("http") ? folded.slice(4) : folded;
  return own.has(folded) || own.has(bare) || folded.startsWith(prefix) || bare.startsWith(prefix);
}

const prefix = "xgatehouse";
