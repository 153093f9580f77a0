import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import { allow, aPerson, deny, of } from "./people.ts";

const notes = canonicalResource("https://notes.example/mcp");
const other = canonicalResource("https://other.example/mcp");
const providers = ["work", "github", "guests"];

const signInBy = (rules: readonly Rule[] | undefined) =>
  createAccess({ signIn: rules, resources: new Map() }, providers);
const useBy = (...rules: Rule[]) =>
  createAccess({ signIn: undefined, resources: new Map([[notes, rules]]) }, providers);
const everyone = allow({ everyone: true });

test("V39 who at least one rule allows and none denies has access, in whatever order they stand", () => {
  const rules = [
    allow({ domain: ["corp.example"] }),
    deny({ group: [of("contractors")] }),
    allow({ group: [of("x")] }),
  ];
  const people = [
    [aPerson(), true],
    [aPerson({ groups: ["contractors"] }), false],
    [aPerson({ groups: ["contractors", "x"] }), false],
    [aPerson({ email: "eve@else.example" }), false],
    [aPerson({ email: "eve@else.example", groups: ["x"] }), true],
  ] as const;
  for (const order of permutations(rules)) {
    for (const [person, allowed] of people) {
      const { signIn } = signInBy(order);
      assert.equal(signIn(person).allowed, allowed, JSON.stringify([person, order]));
      assert.deepEqual(signIn(person), signInBy(rules).signIn(person), "the same reason, too");
    }
  }
  assert.deepEqual(signInBy(undefined).signIn(aPerson({ email: "" })), { allowed: true });
  assert.deepEqual(useBy(deny({ address: ["eve@corp.example"] })).use(aPerson(), notes, "a"), {
    allowed: false,
    reason: "not_allowed",
    scope: "",
  });
});

test("all keys of a rule must fit, each by one of its values", () => {
  const rule = allow({
    provider: ["work", "github"],
    domain: ["corp.example", "b.example"],
    group: [of("admins"), of("acme", "github")],
  });
  const { signIn } = signInBy([rule]);
  assert.equal(signIn(aPerson()).allowed, true);
  assert.equal(signIn(aPerson({ provider: "github", groups: ["acme"] })).allowed, true);
  assert.equal(signIn(aPerson({ provider: "guests" })).allowed, false);
  assert.equal(signIn(aPerson({ email: "ada@c.example" })).allowed, false);
  assert.equal(signIn(aPerson({ groups: ["users"] })).allowed, false);
  assert.equal(signIn(aPerson({ provider: "github", groups: ["admins"] })).allowed, false);
});

test("an address and a domain fit as a whole, without regard to case and to nothing else", () => {
  const byDomain = signInBy([allow({ domain: ["corp.example", "xn--bcher-kva.example"] })]);
  for (const email of [
    "ada@corp.example",
    "ADA@Corp.Example",
    "ada@bücher.example",
    "a@xn--bcher-kva.example",
  ]) {
    assert.equal(byDomain.signIn(aPerson({ email })).allowed, true, email);
  }
  for (const email of [
    "ada@corp.example.",
    "ada@sub.corp.example",
    "ada@corp.example.evil.test",
    '"x@corp.example"@evil.test',
    "ada\uff20corp.example",
    "ada@ｃorp.example",
    "ada@c\u043erp.example",
    "ada@xn--crp-mdc.example",
    "corp.example",
    "@",
    "",
  ]) {
    assert.equal(byDomain.signIn(aPerson({ email })).allowed, false, email);
  }
  const byAddress = signInBy([allow({ address: ["kim@corp.example"] })]);
  assert.equal(byAddress.signIn(aPerson({ email: "Kim@CORP.example" })).allowed, true);
  for (const email of ["\u212aim@corp.example", "kim@corp.example.", "akim@corp.example", ""]) {
    assert.equal(byAddress.signIn(aPerson({ email })).allowed, false, email);
  }
});

test("V36 a group is one of its provider, and is compared exactly", () => {
  const { signIn } = signInBy([allow({ group: [of("admins"), of("acme/admins", "github")] })]);
  assert.equal(signIn(aPerson({ groups: ["admins"] })).allowed, true);
  assert.equal(signIn(aPerson({ provider: "github", groups: ["acme/admins"] })).allowed, true);
  for (const group of ["Admins", "admins ", "work:admins", "acme/admins", "", "ADMINS"]) {
    assert.equal(signIn(aPerson({ groups: [group] })).allowed, false, group);
  }
});

test("V-n16 what another provider calls its groups, however it spells them, matches no rule about ours", () => {
  const { signIn } = signInBy([
    allow({ group: [of("admins"), of("acme/admins", "github")] }),
    deny({ group: [of("contractors")] }),
  ]);
  const groups = [
    "admins",
    "github:acme/admins",
    "work:admins",
    "admins,users",
    "acme/admins",
    "__proto__",
    "Admins",
  ];
  assert.deepEqual(signIn(aPerson({ provider: "guests", groups })), {
    allowed: false,
    reason: "not_allowed",
  });
  const proto = signInBy([allow({ group: [of("__proto__"), of("constructor")] })]);
  assert.equal(proto.signIn(aPerson({ groups: [] })).allowed, false);
  const outsider = signInBy([everyone, deny({ group: [of("contractors")] })]);
  assert.equal(outsider.signIn(aPerson({ provider: "guests", groups: ["contractors"] })).allowed, true);
});

test("V41 unknown groups are no reason to let somebody in, and one to keep somebody out, and the outcome says so", () => {
  const unknown = aPerson({ groups: undefined });
  const refused = { allowed: false, reason: "groups_unknown" } as const;
  const byGroup = allow({ group: [of("admins")] });
  assert.deepEqual(signInBy([byGroup]).signIn(unknown), refused);
  assert.deepEqual(signInBy([everyone, deny({ group: [of("contractors")] })]).signIn(unknown), refused);
  assert.deepEqual(signInBy([byGroup, allow({ domain: ["corp.example"] })]).signIn(unknown), {
    allowed: true,
  });
  // Of groups of another provider it is known that they are none of theirs.
  const others = [allow({ group: [of("acme", "github")] })];
  assert.deepEqual(signInBy(others).signIn(unknown), { allowed: false, reason: "not_allowed" });
  const denied = [everyone, deny({ group: [of("acme", "github")] })];
  assert.deepEqual(signInBy(denied).signIn(unknown), { allowed: true });
  // Where another key does not fit, the groups make no difference.
  const narrow = allow({ domain: ["b.example"], group: [of("admins")] });
  assert.deepEqual(signInBy([narrow]).signIn(unknown), { allowed: false, reason: "not_allowed" });
  const certain = [everyone, deny({ group: [of("x")] }), deny({ domain: ["corp.example"] })];
  assert.deepEqual(signInBy(certain).signIn(unknown), { allowed: false, reason: "denied" });
  assert.deepEqual(useBy(everyone, deny({ group: [of("x")] }, ["b"])).use(unknown, notes, "a b"), {
    allowed: true,
    scope: "a",
  });
});

test("what is asked for is granted as far as allow rules give it and no deny rule takes it", () => {
  const access = useBy(
    allow({ domain: ["corp.example"] }, ["read"]),
    allow({ group: [of("admins")] }, ["write", "delete"]),
    deny({ address: ["ada@corp.example"] }, ["delete"]),
  );
  const granted = (scope: string, over = {}) => access.use(aPerson(over), notes, scope);
  assert.deepEqual(granted("read write delete"), { allowed: true, scope: "read write" });
  assert.deepEqual(granted("write read"), { allowed: true, scope: "write read" });
  assert.deepEqual(granted("read write offline_access", { groups: [] }), {
    allowed: true,
    scope: "read offline_access",
  });
  assert.deepEqual(granted("read"), { allowed: true, scope: "read" });
  const nothing = { allowed: false, reason: "no_scope", scope: "" };
  assert.deepEqual(granted("delete"), nothing);
  assert.deepEqual(granted("offline_access write", { groups: [] }), nothing);
  assert.deepEqual(granted(""), nothing, "rules of scopes give nothing to who asks for none");
  assert.deepEqual(useBy(everyone).use(aPerson(), notes, ""), { allowed: true, scope: "" });
  assert.deepEqual(useBy(everyone).use(aPerson(), notes, "offline_access"), {
    allowed: true,
    scope: "offline_access",
  });
  assert.deepEqual(access.use(aPerson({ email: "eve@else.example", groups: [] }), other, "read delete"), {
    allowed: true,
    scope: "read delete",
  });
});

test("who may not sign in may not use anything", () => {
  const access = createAccess(
    { signIn: [allow({ domain: ["corp.example"] })], resources: new Map([[notes, [everyone]]]) },
    providers,
  );
  const eve = aPerson({ email: "eve@else.example" });
  for (const resource of [notes, other, undefined]) {
    assert.deepEqual(access.use(eve, resource, "read"), { allowed: false, reason: "not_allowed", scope: "" });
    assert.deepEqual(access.use(aPerson(), resource, "read"), { allowed: true, scope: "read" });
  }
});

test("the providers for a resource are those through which somebody could be let in", () => {
  const access = createAccess(
    {
      signIn: [everyone, deny({ provider: ["guests"] })],
      resources: new Map([
        [
          notes,
          [
            allow({ provider: ["work"] }),
            allow({ group: [of("acme", "github")] }),
            deny({ domain: ["x.example"] }),
          ],
        ],
        [other, [everyone, deny({ provider: ["work"] }, ["write"])]],
      ]),
    },
    providers,
  );
  assert.deepEqual(access.providersFor(notes), ["work", "github"]);
  assert.deepEqual(access.providersFor(other), ["work", "github"]);
  assert.deepEqual(access.providersFor(undefined), ["work", "github"]);
  assert.equal(useBy(everyone).providersFor(notes), undefined);
  assert.equal(useBy(allow({ domain: ["a.example"] })).providersFor(notes), undefined);
  assert.deepEqual(useBy(allow({ provider: ["work"] })).providersFor(notes), ["work"]);
  assert.deepEqual(useBy(everyone, deny({ everyone: true })).providersFor(notes), []);
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, at) => permutations(items.toSpliced(at, 1)).map((rest) => [item, ...rest]));
}

test("who is kept out is told by which rule, what it expected and what it found, and never by address", () => {
  const rules = [
    allow({ domain: ["corp.example"] }),
    deny({ group: [of("contractors")] }),
    allow({ group: [of("x")] }),
  ];
  const { decidingRule } = signInBy(rules);
  assert.equal(decidingRule?.(aPerson(), notes), undefined);
  const foreign = decidingRule?.(aPerson({ email: "eve@else.example", groups: ["y"] }), notes);
  assert.equal(foreign?.rule, "access.sign_in lets nobody else in");
  assert.match(foreign?.expected ?? "", /^domain corp\.example \(.+\) or group work:x \(.+\)$/);
  assert.equal(foreign?.received, "provider work, domain else.example, groups y");
  const denied = decidingRule?.(aPerson({ groups: ["contractors"] }), notes);
  assert.match(denied?.rule ?? "", / denies$/);
  assert.equal(denied?.expected, "not group work:contractors");
  const used = useBy(allow({ provider: ["github"] })).decidingRule?.(aPerson({ groups: undefined }), notes);
  assert.equal(used?.rule, `access.resources: ${notes} lets nobody else in`);
  assert.match(used?.received ?? "", /groups not known$/);
});
