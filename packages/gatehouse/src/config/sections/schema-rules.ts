/*
 * What holds between the members of an object, in the words of JSON Schema, so that editors tell it while one
 * writes. Handed to zod by `.meta({ allOf: [ … ] })`, from the same lists of members that the checks use,
 * which tell it in a sentence.
 */

/** A part of a JSON Schema. */
export type SchemaRule = Readonly<Record<string, unknown>>;

/** All of these are there. */
export const hasAll = (...members: readonly string[]): SchemaRule => ({ required: members });

/** None of these is there. */
export const hasNone = (...members: readonly string[]): SchemaRule => ({
  properties: Object.fromEntries(members.map((member) => [member, false])),
});

/** This one is there, with one of these values. */
export const isOneOf = (member: string, values: readonly unknown[]): SchemaRule => ({
  properties: { [member]: { enum: values } },
  required: [member],
});

/** Exactly one of these is there. */
export const hasOneOf = (...members: readonly string[]): SchemaRule => ({
  oneOf: members.map((member) => hasAll(member)),
});

export const anyOf = (...rules: readonly SchemaRule[]): SchemaRule => ({ anyOf: rules });
export const not = (rule: SchemaRule): SchemaRule => ({ not: rule });
/** Where the condition holds, each of the others does. */
export const where = (condition: SchemaRule, ...rules: readonly SchemaRule[]): SchemaRule => ({
  if: condition,
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { allOf: rules },
});
