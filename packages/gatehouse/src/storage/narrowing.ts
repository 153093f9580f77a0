/** A grant's scope, and what was taken from it. */
export interface Narrowed {
  readonly scope: string;
  readonly takenScope: string | undefined;
}

/** What `narrowGrant` makes of a grant; `undefined`: it stays as it is. @param kept space-delimited */
export function narrowed({ scope, takenScope }: Narrowed, kept: string): Narrowed | undefined {
  const wanted = kept.split(" ");
  const has = scope.split(" ");
  const taken = has.filter((token) => !wanted.includes(token));
  if (taken.length === 0) return undefined;
  return {
    scope: has.filter((token) => wanted.includes(token)).join(" "),
    takenScope: [...(takenScope?.split(" ") ?? []), ...taken].join(" "),
  };
}
