import assert from "node:assert/strict";
import { test } from "node:test";
import type { GrantId } from "../../src/oauth/values.ts";
import { everyHelp } from "./helps.ts";
import { aUsedDatabase } from "./used-database.ts";

/* One grant in 64 has an id that begins with a hyphen, and one in 4096 with two. */

const asShown = (start: string) => `${start.padEnd(21, "R")}g`;

test("an id of a grant that begins with a hyphen is typed as it is shown, before or behind options", async (t) => {
  const { command, grant, store } = await aUsedDatabase(t);
  // Some read as options of every command; one has a number's look.
  for (const start of ["-RRfOi8", "-h", "-V", "--yes", "--help", "-1", "--"]) {
    const id = asShown(start) as GrantId;
    await grant({ id });
    const shown = await command(["grants", "show", id, "--json"]);
    assert.equal(shown.code, 0, `${id}: ${shown.err}`);
    assert.equal(JSON.parse(shown.out).grant, id);
    assert.deepEqual(await command(["grants", "show", "--json", "--", id]), shown);
    const asked = await command(["grants", "revoke", id]);
    assert.deepEqual([asked.code, /give --yes/.test(asked.err)], [2, true], asked.err);
    const [before, behind] = [
      ["--yes", id],
      [id, "--yes"],
    ];
    const revoked = await command(["grants", "revoke", ...(start === "-h" ? before : behind)]);
    assert.equal(revoked.code, 0, `${id}: ${revoked.err}`);
    const { records } = await store.findAudit({ grant: id }, { order: "newest", limit: 1 });
    assert.equal(records[0]?.name, "grant_revoked");
    const found = await command(["audit", "search", "--grant", id, "--json"]);
    assert.match(found.out, /"grant_revoked"/, `as an option's value: ${found.err}`);
  }
});

test("no option of ours reads as an id, and one that is misspelt is still told", async (t) => {
  const options = (await everyHelp()).flatMap(([, text]) => text.match(/(?<=[\s,])--?[\w-]+/g) ?? []);
  assert.ok(options.includes("--redirect-uri"));
  assert.deepEqual(
    options.filter((option) => /^-[\w-]{20}[AQgw]$/.test(option)),
    [],
  );
  const { command } = await aUsedDatabase(t);
  const { code, err } = await command(["grants", "revoke", "--yess", "x"]);
  assert.equal(code, 2);
  assert.match(err, /unknown option '--yess'/);
});
