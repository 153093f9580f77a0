/**
 * Refuses an option that there is none of: a misspelt `requiredScopes` would leave the door open, in
 * JavaScript without a word. Inherited names count as well, since options are read from the prototype too.
 * Throws a `TypeError` that names it and the nearest known one, never its value.
 */
export function refuseUnknownOptions(caller: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${caller}(): it takes an object with options`);
  }
  const names = new Set<PropertyKey>(Reflect.ownKeys(options));
  for (const inherited in options) names.add(inherited);
  for (const name of names) {
    if (typeof name === "string" && known.includes(name)) continue;
    throw new TypeError(
      `${caller}(): there is no option ${String(name).slice(0, 50)}; did you mean ${nearest(String(name), known)}?`,
    );
  }
}

function nearest(name: string, known: readonly string[]): string {
  const bare = (text: string) =>
    text
      .slice(0, 50)
      .toLowerCase()
      .replace(/[^a-z]/g, "");
  const [first] = known
    .map((candidate) => ({ candidate, edits: editsBetween(bare(name), bare(candidate)) }))
    .sort((one, other) => one.edits - other.edits);
  return first?.candidate ?? "";
}

/** Levenshtein's distance: letters to insert, delete or replace. */
function editsBetween(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let at = 1; at <= from.length; at++) {
    const next = [at];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (row[column - 1] ?? 0) + (from[at - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}
