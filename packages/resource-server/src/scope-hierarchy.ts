/** The granted scopes with everything they imply, through any number of steps, each once (U06). */
export function withImplied(
  granted: readonly string[],
  implies: Readonly<Record<string, readonly string[]>>,
): string[] {
  const all = new Set(granted);
  // A set hands out what is added while it is walked, so this goes on until nothing new turns up.
  for (const scope of all) {
    for (const implied of Object.hasOwn(implies, scope) ? (implies[scope] ?? []) : []) all.add(implied);
  }
  return [...all];
}
