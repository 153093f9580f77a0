/** A length of time in the largest unit that does it justice, for `Intl.NumberFormat`. */
export function inUnits(seconds: number): {
  readonly unit: "second" | "minute" | "hour";
  readonly count: number;
} {
  if (seconds < 90) return { unit: "second", count: Math.round(seconds) };
  if (seconds < 5400) return { unit: "minute", count: Math.round(seconds / 60) };
  return { unit: "hour", count: Math.round(seconds / 3600) };
}
