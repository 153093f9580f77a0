import { isScalar, isSeq } from "yaml";
import { quote } from "./config-errors.ts";

/** What a value is, without saying it: of secrets. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "string") return "a text";
  return typeof value === "object" ? "a group" : `a ${typeof value}`;
}

/** A value, or what stands in its place, as an error shows it. */
export function describe(value: unknown): string {
  if (Array.isArray(value)) {
    if (value.length === 0) return "an empty list";
    return value.every((item) => typeof item !== "object") ? quote(value.map(String).join(", ")) : "a list";
  }
  if (typeof value === "string") return quote(value);
  if (typeof value === "number" || typeof value === "boolean") return `the ${typeof value} ${value}`;
  return isScalar(value) ? describe(value.value) : isSeq(value) ? "a list" : kindOf(value);
}
