import assert from "node:assert/strict";
import { test } from "node:test";
import { formatTable } from "../../src/commands/table.ts";
import { formatInstant } from "../../src/oauth/values.ts";

test("columns are aligned under their headings, without spaces at the end", () => {
  assert.equal(
    formatTable(
      ["ID", "NAME"],
      [
        ["web", "The web app"],
        ["a-longer-one", ""],
      ],
    ),
    ["ID            NAME", "web           The web app", "a-longer-one"].join("\n"),
  );
});

test("a name that a stranger registered cannot drive the operator's terminal", () => {
  assert.doesNotMatch(formatTable(["NAME"], [["\u001b[2Jgone\r\nx"]]), /(?!\n)\p{Cc}|gone.*\n/u);
});

test("an instant is a day and a minute, and an absent one is never", () => {
  assert.equal(formatInstant(1_700_000_000), "2023-11-14 22:13");
  assert.equal(formatInstant(undefined), "never");
});
