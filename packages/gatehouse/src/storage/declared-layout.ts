import type { Declared } from "../oauth/records.ts";
import type { Columns, Dialect, Written } from "./layout.ts";

/** In the row of a resource or a client: what the file that declares it says. */
export function readDeclared(column: Columns): Declared | undefined {
  const fingerprint = column.optionalText("declared_as");
  const place = column.text("declared_in");
  const leftAt = column.optionalInstant("left_at");
  return fingerprint === undefined ? undefined : { place, fingerprint, ...(leftAt && { leftAt }) };
}

export function writeDeclared(declared: Declared | undefined, instant: Dialect["instant"]): Written {
  return {
    declared_as: declared?.fingerprint ?? null,
    declared_in: declared?.place ?? null,
    left_at: declared?.leftAt === undefined ? null : instant(declared.leftAt),
  };
}
