import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { anAccount, type Github, json, startGithub } from "../../support/github.ts";
import { failureOf } from "../attempts.ts";
import { signIn } from "./attempts.ts";

let github: Github;
before(async () => {
  github = await startGithub();
});
after(() => github?.close());
beforeEach(() => {
  github.account = anAccount();
  github.granted = undefined;
  github.answers.clear();
  github.restricted.clear();
  github.saml.clear();
  github.requests.length = 0;
});

/** The groups somebody comes with, and what is logged of them. */
async function groupsOf(options: Parameters<typeof signIn>[1] = {}) {
  const warnings: string[] = [];
  const { groups } = await signIn(github, { ...options, warn: (message) => warnings.push(message) });
  return { groups, warnings };
}

test("V34 groups at GitHub are organisations and teams in lower case, of all pages; what cannot be had makes them unknown", async (t) => {
  await t.test("all pages, a hundred each", async () => {
    const many = Array.from({ length: 230 }, (_, index) => `Org-${index}`);
    github.account.memberships = Object.fromEntries(many.map((login) => [login, "active"]));
    github.account.teams = ["Org-0/Admins", "Org-229/writers"];
    const { groups, warnings } = await groupsOf();
    assert.equal(groups?.length, 232);
    assert.ok(
      groups.includes("org-229") && groups.includes("org-0/admins") && groups.includes("org-229/writers"),
    );
    assert.deepEqual(warnings, []);
    assert.equal(github.requests.filter((each) => each === "GET /user/memberships/orgs").length, 3);
  });

  await t.test("ten pages at most", async () => {
    const teams = (count: number) => Array.from({ length: count }, (_, index) => `acme/team-${index}`);
    github.account = anAccount({ memberships: { acme: "active" }, teams: teams(1000) });
    assert.equal((await groupsOf()).groups, undefined, "nobody can tell that a full tenth page is the last");
    github.account.teams = teams(999);
    assert.equal((await groupsOf()).groups?.length, 1000);
    github.account.teams = teams(1001);
    github.requests.length = 0;
    const { groups, warnings } = await groupsOf();
    assert.equal(groups, undefined);
    assert.match(warnings[0] ?? "", /583231 \(ada\) are unknown.*more than 1000 entries/);
    assert.equal(github.requests.filter((each) => each === "GET /user/teams").length, 10);
  });

  await t.test("a page that fails", async () => {
    github.account = anAccount({ memberships: { acme: "active" } });
    for (const path of ["/user/memberships/orgs", "/user/teams"]) {
      for (const status of [401, 403, 404, 500, 503]) {
        github.answers.clear();
        github.answers.set(path, (_, response) => json(response, status, { message: "no" }));
        const { groups, warnings } = await groupsOf();
        assert.equal(groups, undefined, `${status} at ${path}`);
        assert.match(warnings[0] ?? "", new RegExp(`${path}.* answered ${status} "no"`));
      }
    }
  });

  await t.test("SAML and access restrictions are named where GitHub names them", async () => {
    github.account = anAccount({ memberships: { acme: "active", secured: "active" } });
    github.saml.add("secured");
    const hidden = await groupsOf();
    assert.equal(hidden.groups, undefined);
    assert.match(hidden.warnings[0] ?? "", /left out organisations 1001.*SAML/);
    const ofOthers = await groupsOf({ organizations: ["acme"] });
    assert.deepEqual(ofOthers.groups, ["acme"], "what nobody asks for may be hidden");

    const secured = await failureOf(signIn(github, { organizations: ["secured"] }));
    assert.match(secured.message, /is unknown.*answered 403.*SAML/);
    assert.doesNotMatch(secured.message, /SECRET/, "the link in that header is the person's");
    github.saml.clear();
    github.restricted.add("acme");
    const restricted = await failureOf(signIn(github, { organizations: ["acme"] }));
    assert.match(restricted.message, /access restrictions.*an owner of the organisation has to approve/);
    const both = await groupsOf({ organizations: ["acme", "secured"] });
    assert.equal(both.groups, undefined, "a member of one, and nobody knows of the other");
  });

  await t.test("a name that is none", async () => {
    github.restricted.clear();
    github.account = anAccount({ memberships: { acme: "active" }, teams: ["acme/adm\u202eins"] });
    const { groups, warnings } = await groupsOf();
    assert.equal(groups, undefined);
    assert.match(warnings[0] ?? "", /the name of a group is none/);
  });

  await t.test("who did not allow it", async () => {
    github.granted = "user:email";
    const { groups, warnings } = await groupsOf();
    assert.equal(groups, undefined);
    assert.match(warnings[0] ?? "", /did not allow.*read:org/);
    github.requests.length = 0;
    const unasked = await groupsOf({ scopes: ["user:email"] });
    assert.deepEqual(unasked, { groups: [], warnings: [] }, "and nobody asks for what the operator left out");
    assert.ok(!github.requests.some((request) => /orgs|teams/.test(request)));
  });
});

test("V35 with organisations named, active members of one come in, and nobody else", async () => {
  github.account.memberships = { Acme: "active", other: "active" };
  github.account.teams = ["Acme/admins", "other/admins"];
  const { groups } = await groupsOf({ organizations: ["partners", "ACME"] });
  assert.deepEqual(groups, ["acme", "acme/admins"], "of the listed ones alone");
  github.account.memberships = { other: "active" };
  const outsider = await failureOf(signIn(github, { organizations: ["acme", "partners"] }));
  assert.equal(outsider.code, "access_denied");
  assert.deepEqual(outsider.reason, { key: "notMember" });
  assert.match(outsider.message, /583231 \(ada\) is no active member of acme, partners/);
  github.answers.set("/user/memberships/orgs/acme", (_, response) => response.writeHead(503).end());
  const outage = await failureOf(signIn(github, { organizations: ["acme"] }));
  assert.equal(outage.code, "temporarily_unavailable", "an outage takes nobody's membership");
});

test("V-n15 an invitation, an organisation with a similar name or a team of the same name elsewhere makes no member", async () => {
  github.account.memberships = { acme: "pending", "acme-corp": "active" };
  github.account.teams = ["acme-corp/admins", "acme/admins"];
  const invited = await failureOf(signIn(github, { organizations: ["acme"] }));
  assert.deepEqual(invited.reason, { key: "notMember" });
  assert.deepEqual((await groupsOf()).groups, ["acme-corp", "acme-corp/admins"]);
  // An answer about another organisation than the one asked for, as after a renaming.
  github.answers.set("/user/memberships/orgs/acme", (_, response) =>
    json(response, 200, { state: "active", organization: { login: "acme-corp", id: 1 } }),
  );
  assert.deepEqual((await failureOf(signIn(github, { organizations: ["acme"] }))).reason, {
    key: "notMember",
  });
  github.answers.set("/user/memberships/orgs", (_, response) =>
    json(response, 200, [
      { state: "pending", organization: { login: "acme", id: 1 } },
      { state: "active", organization: { login: 7, id: 1 } },
      { state: ["active"], organization: { login: "acme", id: 1 } },
      "acme",
      null,
    ]),
  );
  assert.deepEqual((await groupsOf()).groups, []);
});
