import assert from "node:assert/strict";
import { test } from "node:test";
import { compileRules, findRuleConflicts } from "../../../src/gateway/permissions/rules.ts";

test("W48 an exact name comes first, then the pattern with most characters of its own; what nothing matches is nobody's", () => {
  const rules = compileRules(
    { "*": "read", "delete_*": "write", "delete_*_forever": "admin", delete_draft: "draft", "*_all": "all" },
    "tools",
  );
  assert.equal(rules.scopeOf("read_note"), "read");
  assert.equal(rules.scopeOf("delete_note"), "write");
  assert.equal(rules.scopeOf("delete_note_forever"), "admin");
  assert.equal(rules.scopeOf("delete_forever"), "write", "what two wildcards' neighbours share counts once");
  assert.equal(rules.scopeOf("delete_draft"), "draft");
  assert.equal(rules.scopeOf("delete_all"), "write");
  assert.equal(rules.scopeOf("forget_all"), "all");
  const few = compileRules({ read_note: "read", "a*b*c": "letters" }, "tools");
  assert.equal(few.scopeOf("read_notes"), undefined);
  assert.equal(few.scopeOf(""), undefined);
  assert.equal(few.scopeOf("abc"), "letters");
  assert.equal(few.scopeOf("a-b-b-c-c"), "letters");
  assert.equal(few.scopeOf("acb"), undefined);
  assert.equal(few.scopeOf("ab"), undefined);
  assert.equal(few.scopeOf("__proto__"), undefined);
});

test("two rules that one name matches equally well are in conflict when their scopes differ, and only then", () => {
  const conflicts = (rules: Record<string, string>, kind: "tools" | "resources" = "tools") =>
    findRuleConflicts(rules, kind).map((keys) => keys.join(" "));
  assert.deepEqual(conflicts({ "a*": "x", "*b": "y" }), ["a* *b"]);
  assert.deepEqual(conflicts({ "a*": "x", "*b": "x" }), []);
  assert.deepEqual(
    conflicts({ "read_*": "x", "list_*": "y", "find_*": "z" }),
    [],
    "no name begins with two of them",
  );
  assert.deepEqual(conflicts({ "a*": "x", "a**": "y" }), ["a* a**"]);
  assert.deepEqual(conflicts({ "a*c": "x", "ab*": "y", abc: "z" }), ["a*c ab*"]);
  assert.deepEqual(conflicts({ Note: "x", note: "y" }), ["Note note"], "a server might fold them");
  assert.deepEqual(conflicts({ "Note*": "x", "note*": "y" }), ["Note* note*"]);
  assert.deepEqual(conflicts({ "notes://a/b": "x", "notes://a/%62": "y" }, "resources"), [
    "notes://a/b notes://a/%62",
  ]);
});

test("every two patterns overlap exactly when there is a text that both match", () => {
  const texts = ["", "a", "b"].flatMap((one) =>
    ["", "a", "b"].flatMap((two) =>
      ["", "a", "b"].flatMap((three) => ["", "a", "b"].map((four) => one + two + three + four)),
    ),
  );
  const patterns = ["", "a", "b", "*"].flatMap((one) =>
    ["", "a", "b", "*"].flatMap((two) => ["a", "*", "b"].map((three) => one + two + three)),
  );
  for (const one of patterns) {
    for (const other of patterns) {
      const [left, right] = [one, other].map((key) => compileRules({ [key]: "x" }, "tools"));
      const both = texts.some((text) => left?.scopeOf(text) && right?.scopeOf(text));
      const isEqual =
        one.includes("*") === other.includes("*") &&
        one.replaceAll("*", "").length === other.replaceAll("*", "").length;
      if (one === other || !isEqual) continue;
      const found = findRuleConflicts({ [one]: "x", [other]: "y" }, "tools").length > 0;
      assert.equal(found, both, `${one} ${other}`);
    }
  }
});

test("W58 a spelling that a server might read as something else is refused where that needs another scope", () => {
  const tools = compileRules({ "delete_*": "write", "*": "read", getNote: "get", "List*": "list" }, "tools");
  for (const name of [
    "Delete_note",
    " delete_note",
    "ｄelete_note",
    "de\u200blete_note",
    "DELETE_",
    "delete\u00ad_x",
    "\u2060delete_x",
  ]) {
    assert.equal(tools.scopeOf(name), undefined, JSON.stringify(name));
  }
  assert.equal(tools.scopeOf("delete_note "), "write", "that reads the same either way");
  assert.equal(tools.scopeOf("Read_Note"), "read");
  assert.equal(tools.scopeOf("getNote"), "get", "rules may have capitals");
  assert.equal(tools.scopeOf("getnote"), undefined);
  assert.equal(tools.scopeOf("ListNotes"), "list");
  assert.equal(tools.scopeOf("listNotes"), undefined);
  assert.equal(tools.scopeOf("löschen"), "read");
  const folding = compileRules({ "\u017fecret": "x", "*": "y" }, "tools");
  assert.equal(folding.scopeOf("secret"), undefined, "the long s is an s to whoever folds case");

  const resources = compileRules(
    { "notes://*": "read", "notes://secret*": "admin", "notes://a/secret*": "admin", "file:///*": "read" },
    "resources",
  );
  for (const uri of [
    "notes://a/../secret",
    "notes://x/../secret/1",
    "notes://%73ecret",
    "notes://%2573ecret",
    "notes://a/./secret",
    "notes://a//secret",
    "notes://a/b/../secret",
    "notes://a/b/%2e%2e/secret",
    "notes://a/b%2f..%2fsecret",
    "notes://a\\secret",
    "NOTES://secret",
    "notes://SECRET",
    "notes://a/%zz/../../secret",
  ]) {
    assert.equal(resources.scopeOf(uri), undefined, uri);
  }
  assert.equal(resources.scopeOf("notes://a"), "read");
  assert.equal(resources.scopeOf("notes://a%20b/c%2Fd?e=f#g"), "read");
  assert.equal(resources.scopeOf("notes://a/../b"), "read");
  assert.equal(resources.scopeOf("notes://secret/1"), "admin");
  assert.equal(resources.scopeOf("file:///home/x"), "read");
  assert.equal(resources.scopeOf("http://elsewhere"), undefined);
});
