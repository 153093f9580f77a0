import { type ConfigProblem, quote } from "./config-errors.ts";
import { edits } from "./edits.ts";
import { pathOfVariable, settingPaths } from "./settings-table.ts";

const bare = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, "");

/**
 * The key somebody meant: one beside it that is written nearly so, a setting of another group, or the one
 * that a variable's name stands for.
 * @param before the group with a dot, or nothing at the top
 */
export function nearestKey(written: string, before: string, known: readonly string[]): string | undefined {
  const name = bare(written);
  const beside = nearest(name, known, bare);
  if (beside !== undefined) return before + beside;
  return (
    pathOfVariable(written.toUpperCase()) ??
    nearest(name, settingPaths, (path) => bare(path.slice(path.indexOf(".") + 1))) ??
    nearest(name, settingPaths, bare)
  );
}

/** The error of a name that is not among those that may stand there. */
export function unknownName(
  written: string,
  before: string,
  known: readonly string[],
): Omit<ConfigProblem, "place"> {
  const meant = nearestKey(written, before, known);
  return {
    variable: before + quote(written).slice(1, -1),
    found: "a name that nothing reads",
    expected: meant === undefined ? `one of ${known.join(", ")}` : `${meant}: did you mean that?`,
  };
}

function nearest(
  name: string,
  candidates: readonly string[],
  read: (candidate: string) => string,
): string | undefined {
  const found = candidates
    .map((candidate) => ({ candidate, distance: edits(name.slice(0, 64), read(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.floor(read(candidate).length / 4));
  return found.sort((a, b) => a.distance - b.distance)[0]?.candidate;
}
