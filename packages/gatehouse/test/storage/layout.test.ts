import assert from "node:assert/strict";
import { test } from "node:test";
import { clientStatements, readClient } from "../../src/storage/client-layout.ts";
import { knownKeys } from "../../src/storage/key-layout.ts";
import { type Layout, layout, valuesOf } from "../../src/storage/layout.ts";
import * as layouts from "../../src/storage/layouts.ts";
import * as passkeyLayouts from "../../src/storage/passkey-layouts.ts";
import { clients as postgresClients } from "../../src/storage/postgres/client-layout.ts";
import { resources } from "../../src/storage/resource-layout.ts";

const things = layout(
  (column) => ({
    id: column.text("id"),
    note: column.optionalText("note"),
    resource: column.filledText("resource"),
    made: column.instant("made_at"),
    words: column.list("words"),
  }),
  ({ id, note, resource, made, words }, { instant, list }) => ({
    words: list(words),
    made_at: instant(made),
    id,
    note: note ?? null,
    resource: resource ?? "",
  }),
);

test("the columns to select, their types and the reader come from the same lines", () => {
  assert.equal(things.columns, "id, note, resource, made_at, words");
  assert.deepEqual(things.types, ["text", "text", "text", "timestamptz", "text[]"]);
  const thing = { id: "a", note: "b", resource: "c", made: 7, words: ["d"] };
  assert.deepEqual(things.read(["a", "b", "c", 7, ["d"]]), thing, "as PostgreSQL has lists");
  assert.deepEqual(things.read(["a", "b", "c", 7, '["d"]', "more"]), thing, "as SQLite has them");
});

test("null and, where others write it, the empty string are nothing", () => {
  const { note, resource } = things.read(["a", "", "", 7, []]);
  assert.deepEqual({ note, resource }, { note: "", resource: undefined });
  assert.equal(things.read(["a", null, null, 7, []]).note, undefined);
});

test("what is written stands in the order of the columns", () => {
  const thing = things.read(["a", null, null, 7, ["d"]]);
  const dialect = { instant: (at: number) => `at ${at}`, flag: Number, list: String };
  assert.deepEqual(valuesOf(things, thing, dialect), ["a", null, "", "at 7", "d"]);
});

test("a reader that skips a column for what another holds is a mistake that is told", () => {
  const skipping = layout((column) =>
    column.flag("is_short") ? { rest: undefined } : { rest: column.text("rest") },
  );
  assert.deepEqual(skipping.read([false, "all"]), { rest: "all" });
  assert.throws(() => skipping.read([true, "all"]), /not every column was read of is_short, rest/);
});

test("every record reads all of its columns, whether they hold something or nothing", () => {
  const all: Record<string, Layout<unknown>> = {
    ...Object.fromEntries(
      Object.entries({ ...layouts, ...passkeyLayouts }).flatMap(([name, value]) =>
        typeof value === "object" ? [[name, value]] : [],
      ),
    ),
    knownKeys,
    resources,
    clientStatements,
    clients: layout((column) => readClient(column)),
    postgresClients,
  };
  assert.ok(Object.keys(all).length > 12, "the walk is not over a part of it");
  const something = { text: "[]", "text[]": ["a"], int: 1, bool: true, timestamptz: 1 };
  for (const [name, { columns, names, types, read }] of Object.entries(all)) {
    assert.equal(new Set(names).size, names.length, `${name}: ${columns}`);
    read(types.map((type) => something[type]));
    // Only lists and documents always hold something; what they do not hold is empty.
    const nothing = names.map((column, at) => {
      if (types[at] === "text[]") return [];
      return ["metadata", "scopes"].includes(column) ? "[]" : null;
    });
    read(nothing);
  }
});
