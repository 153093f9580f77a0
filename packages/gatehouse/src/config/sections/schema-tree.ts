import type { z } from "zod";
import type { Path } from "../yaml-tree.ts";
import { isSecret } from "./section.ts";

type Schema = z.core.$ZodType;

/** What a schema stands for: without what makes it optional, and each of several to choose from. */
export function alternatives(schema: Schema): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case "optional":
    case "nullable":
    case "default":
    case "prefault":
    case "nonoptional":
    case "readonly":
    case "catch":
      return alternatives(def.innerType);
    case "pipe":
      return alternatives(def.in);
    case "lazy":
      return alternatives(def.getter());
    case "union":
      return def.options.flatMap(alternatives);
    default:
      return [schema];
  }
}

/** The members an object may have, none for what is no object. */
export function membersOf(schema: Schema): Record<string, Schema> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  return def.type === "object" ? def.shape : {};
}

/** What stands in a list, or under each name of a map. */
export function elementOf(schema: Schema): Schema | undefined {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "array") return def.element;
  return def.type === "record" ? def.valueType : undefined;
}

/** The names that may stand at a path. */
export function knownNames(schema: Schema, path: Path): string[] {
  const holders = schemasAt(schema, path).flatMap(alternatives);
  return [...new Set(holders.flatMap((holder) => Object.keys(membersOf(holder))))];
}

/** Whether the value at a path, or what holds it, must never be shown. */
export function isSecretAt(schema: Schema, path: Path): boolean {
  return path
    .map((_, index) => path.slice(0, index + 1))
    .some((way) => schemasAt(schema, way).some(mayBeSecret));
}

/** Whether a secret may stand at a path or below it, so that what stands there in its place may be one. */
export function mayHoldSecret(schema: Schema, path: Path): boolean {
  return isSecretAt(schema, path) || schemasAt(schema, path).some(holdsSecret);
}

function holdsSecret(schema: Schema): boolean {
  if (mayBeSecret(schema)) return true;
  return alternatives(schema).some((form) => {
    const inner = [...Object.values(membersOf(form)), elementOf(form)];
    return inner.some((each) => each !== undefined && holdsSecret(each));
  });
}

function mayBeSecret(schema: Schema): boolean {
  if (isSecret(schema)) return true;
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if ("innerType" in def) return mayBeSecret(def.innerType);
  return def.type === "union" && def.options.some(mayBeSecret);
}

/** The schemas that may hold for a path. */
function schemasAt(schema: Schema, path: Path): Schema[] {
  let found = [schema];
  for (const key of path) {
    found = found.flatMap(alternatives).flatMap((holder) => {
      const members = membersOf(holder);
      const next = Object.hasOwn(members, key) ? members[key] : elementOf(holder);
      return next === undefined ? [] : [next];
    });
  }
  return found;
}
