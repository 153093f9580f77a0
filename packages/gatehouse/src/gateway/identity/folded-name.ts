/**
 * A header's name as the least careful server reads it: CGI and its kin make capitals of it and underscores
 * of all signs, and put `HTTP_` before, so that two names can be one to them.
 */
export function foldedName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Whether a name from outside could be taken for one of the door's own by a server that folds them (W37). */
export function isLookalike(name: string, own: ReadonlySet<string>): boolean {
  const folded = foldedName(name);
  const bare = folded.startsWith("http") ? folded.slice(4) : folded;
  return own.has(folded) || own.has(bare) || folded.startsWith(prefix) || bare.startsWith(prefix);
}

const prefix = "xgatehouse";
