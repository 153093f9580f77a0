import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../../src/access/access.ts";
import { readGroups } from "../../../src/identity/openid/groups.ts";
import { plainName } from "../../../src/identity/plain-text.ts";
import { allow, aPerson, deny, of } from "../../access/people.ts";
import { microsoft } from "../shapes/microsoft.ts";
import { play } from "../shapes/player.ts";

const read = (idToken: Record<string, unknown>, claim = "groups", userinfo?: Record<string, unknown>) =>
  readGroups({ idToken, userinfo }, claim);

test("V37 groups are an array of names, one name, or the keys of an object, at a literal key or a path of own members", () => {
  const groupsOf = (...args: Parameters<typeof read>) => read(...args).groups;
  assert.deepEqual(groupsOf({ groups: ["a", "b", "a"] }), ["a", "b"]);
  assert.deepEqual(groupsOf({ groups: [] }), []);
  assert.deepEqual(groupsOf({}), []);
  assert.deepEqual(groupsOf({ groups: "admins,users" }), ["admins,users"]);
  assert.deepEqual(groupsOf({ groups: { admin: { 1: "x" }, reader: {} } }), ["admin", "reader"]);
  assert.deepEqual(groupsOf({ realm_access: { roles: ["a"] } }, "realm_access.roles"), ["a"]);
  // The literal key first: a URL has dots.
  const url = "https://corp.example/roles";
  assert.deepEqual(groupsOf({ [url]: ["a"], "https://corp": { "example/roles": ["b"] } }, url), ["a"]);
  assert.deepEqual(groupsOf({}, "groups", { groups: ["from userinfo"] }), ["from userinfo"]);
  assert.deepEqual(groupsOf({ groups: [] }, "groups", { groups: ["from userinfo"] }), []);

  for (const path of [
    "constructor",
    "__proto__",
    "toString",
    "groups.length",
    "groups.0",
    "constructor.name",
  ]) {
    assert.deepEqual(groupsOf({ groups: ["a"] }, path), [], path);
  }
  for (const odd of [7, true, null, ["a", 1], [["a"]], [null], "x".repeat(257), ["a", "x".repeat(257)]]) {
    const { groups, problem } = read({ groups: odd });
    assert.equal(groups, undefined, JSON.stringify(odd));
    assert.match(problem ?? "", /^groups in the ID token (is no list|has a group)/);
  }
  const many = Array.from({ length: 1001 }, (_, i) => `group-${i}`);
  assert.equal(groupsOf({ groups: many }), undefined);
  assert.equal(groupsOf({ groups: many.slice(1) })?.length, 1000);
});

test("V23 a name is kept without what is unseen and not longer than 256 characters; a group is kept whole or not at all", () => {
  assert.equal(plainName("Ada\u202E Love\u0000lace\u2066\n"), "Ada Lovelace");
  assert.equal(plainName("  Ada  "), "Ada");
  assert.equal(plainName("x".repeat(10_000))?.length, 256);
  assert.equal(plainName(`${"x".repeat(255)}👩‍👩‍👧`)?.length, 255);
  assert.equal(plainName("Ada\ud800"), "Ada\ufffd");
  for (const none of ["", " ", "\u202E", 7, null, undefined, ["Ada"]])
    assert.equal(plainName(none), undefined);

  // With the character taken out it would be the administrators' group.
  const { groups, problem } = read({
    groups: ["users", "adm\u202Eins", "admins\u0000", "admins\u200F", "", "x\ud800"],
  });
  assert.deepEqual(groups, ["users"]);
  assert.match(problem ?? "", /left out/);
  assert.deepEqual(read({ groups: ["x".repeat(256)] }).groups, ["x".repeat(256)]);
});

test("V-n8 where the groups are said to stand elsewhere nothing is fetched from there, and both kinds of rule fail closed", async (t) => {
  const player = await play(microsoft);
  t.after(() => player.upstream.close());
  const asked: string[] = [];
  const { fetch } = globalThis;
  t.mock.method(globalThis, "fetch", (...args: Parameters<typeof fetch>) => {
    asked.push(String(args[0] instanceof Request ? args[0].url : args[0]));
    return fetch(...args);
  });
  const { groups } = await player.signIn({
    idToken: {
      groups: undefined,
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: "http://169.254.169.254/latest/meta-data" } },
    },
  });
  assert.equal(groups, undefined);
  assert.ok(asked.length >= 4, "discovery, sign-in, token, keys");
  assert.deepEqual(
    asked.filter((url) => !url.startsWith(new URL(player.upstream.issuer).origin)),
    [],
  );

  const decide = (...rules: ReturnType<typeof allow>[]) =>
    createAccess({ signIn: rules, resources: new Map() }, ["work"]).signIn(aPerson({ groups }));
  assert.deepEqual(decide(allow({ group: [of("admins")] })), { allowed: false, reason: "groups_unknown" });
  const denied = decide(allow({ everyone: true }), deny({ group: [of("contractors")] }));
  assert.deepEqual(denied, { allowed: false, reason: "groups_unknown" });
  assert.deepEqual(decide(allow({ everyone: true })), { allowed: true });
});
