/** In the place of `*` while a pattern is spelled in another way: a character that no spelling changes. */
export const wildcard = "\uE000";

/** A name, or a pattern in which each wildcard stands for any characters, none included. */
export interface Pattern {
  /** What stands between the wildcards; one part alone is an exact name. */
  readonly parts: readonly string[];
  /** Characters that are no wildcards. */
  readonly literals: number;
}

/** @param text with `wildcard` for each `*` */
export function patternOf(text: string): Pattern {
  const parts = text.split(wildcard);
  return { parts, literals: parts.reduce((sum, part) => sum + part.length, 0) };
}

export const isExact = ({ parts }: Pattern) => parts.length === 1;

export function matches({ parts }: Pattern, name: string): boolean {
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  if (parts.length === 1) return name === first;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (let index = 1; index < parts.length - 1; index++) {
    const part = parts[index] as string;
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Whether some name matches both. */
export function overlap(one: Pattern, other: Pattern): boolean {
  const left = one.parts.join(wildcard);
  const right = other.parts.join(wildcard);
  // reached[j]: the first characters of `left` read so far and the first j of `right` can stand for one text.
  let reached: boolean[] = [true];
  for (let j = 0; j < right.length; j++) reached.push(reached[j] === true && right[j] === wildcard);
  for (const character of left) {
    const next = [reached[0] === true && character === wildcard];
    for (let j = 0; j < right.length; j++) {
      const either = character === wildcard || right[j] === wildcard;
      next.push(
        either
          ? reached[j + 1] === true || next[j] === true || reached[j] === true
          : reached[j] === true && character === right[j],
      );
    }
    reached = next;
  }
  return reached[right.length] === true;
}
