import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { speaksFor } from "../../../src/identity/domains.ts";
import { githubEndpoints } from "../../../src/identity/github/endpoints.ts";
import { subjectOf } from "../../../src/oauth/subject.ts";
import { seconds } from "../../../src/oauth/values.ts";
import { anAccount, type Github, json, startGithub } from "../../support/github.ts";
import { failureOf } from "../attempts.ts";
import { anAttempt, callbackUrl, providerAt, signIn } from "./attempts.ts";

let github: Github;
before(async () => {
  github = await startGithub();
});
after(() => github?.close());
beforeEach(() => {
  github.account = anAccount();
  github.granted = undefined;
  github.answers.clear();
  github.requests.length = 0;
});

test("V31 a person at GitHub is the number of the account at that GitHub, whatever its login is", async () => {
  const ada = await signIn(github);
  assert.deepEqual(
    { ...ada },
    {
      provider: "github",
      issuer: "https://github.com",
      subject: "583231",
      email: "ada@example.com",
      name: "Ada Lovelace",
      groups: [],
    },
  );
  github.account = anAccount({ login: "ada-lovelace" });
  assert.equal(subjectOf(await signIn(github)), subjectOf(ada), "renamed");
  const host = github.origin;
  const enterprise = await signIn(github, { host, endpoints: githubEndpoints(host), trustsAddresses: true });
  assert.equal(enterprise.issuer, host);
  assert.equal(enterprise.subject, ada.subject);
  assert.notEqual(
    subjectOf(enterprise),
    subjectOf(ada),
    "the same number at another GitHub is somebody else",
  );
  assert.equal(github.requests.at(-1)?.startsWith("GET /api/v3/user/"), true, "below the host's own API");
  assert.equal(githubEndpoints("https://acme.ghe.com").api, "https://api.acme.ghe.com");
  github.account = anAccount({ name: "Ada \u202eevil\u0000<b>" });
  assert.equal((await signIn(github)).name, "Ada evil<b>", "a name is shown and decides nothing");
  for (const id of ["583231", 1.5, 0, -7, 2 ** 53, null, undefined]) {
    github.answers.set("/user", (_, response) => json(response, 200, { id, login: "ada", name: null }));
    assert.equal((await failureOf(signIn(github))).code, "server_error", String(id));
  }
});

test("V-n13 a login that was given up and registered anew is another person", async () => {
  const ada = await signIn(github);
  github.account = anAccount({ id: 99_000_001, login: "ada", memberships: {} });
  const stranger = await signIn(github);
  assert.notEqual(subjectOf(stranger), subjectOf(ada));
  assert.deepEqual(stranger.groups, []);
});

test("V32 the address is the primary one that GitHub verified; an Enterprise Server's counts when the operator vouches for it", async () => {
  github.account.emails = [
    { email: "old@example.com", primary: false, verified: true },
    { email: "ada@work.example", primary: true, verified: true },
  ];
  assert.equal((await signIn(github)).email, "ada@work.example");

  const host = github.origin;
  const enterprise = { host, endpoints: githubEndpoints(host) };
  github.account.emails = [{ email: "ada@work.example", primary: true, verified: true }];
  const unproven = await failureOf(signIn(github, enterprise));
  assert.equal(unproven.reason?.key, "unverifiedAddress", "it verifies nothing, whatever it says");
  github.account.emails = [{ email: "ada@work.example", primary: true, verified: false }];
  assert.equal((await signIn(github, { ...enterprise, trustsAddresses: true })).email, "ada@work.example");

  const ofTheCompany = { speaksFor: speaksFor(["example.com"], []) };
  const foreign = await failureOf(signIn(github, { ...enterprise, trustsAddresses: true, ...ofTheCompany }));
  assert.equal(foreign.code, "access_denied");
  assert.equal(foreign.reason?.key, "foreignAccount");
  assert.equal(foreign.account, "ada@work.example");
});

test("V-n12 neither the address of the profile nor one that is not primary or not verified is ever used", async () => {
  const victim = "victim@corp.example";
  for (const [emails, key] of [
    [[], "noAddress"],
    [[{ email: victim, primary: true, verified: false }], "unverifiedAddress"],
    [[{ email: victim, primary: false, verified: true }], "noAddress"],
    [
      [
        { email: "mine@example.com", primary: true, verified: false },
        { email: victim, primary: false, verified: true },
      ],
      "unverifiedAddress",
    ],
    [[{ email: victim, primary: "true", verified: true }], "noAddress"],
    [[{ email: victim, primary: true, verified: "true" }], "unverifiedAddress"],
    [[{ email: `"x@corp.example"@evil.test`, primary: true, verified: true }], "noAddress"],
  ] as const) {
    github.account = anAccount({ email: victim, emails: emails as never });
    const failure = await failureOf(signIn(github));
    assert.equal(failure.code, "access_denied");
    assert.equal(failure.reason?.key, key, JSON.stringify(emails));
    const admitted = await signIn(github, { addressOptional: true });
    assert.equal(admitted.email, "", "without an address is without one");
  }
});

test("V33 the request carries state and an S256 challenge, and the code is exchanged for JSON alone", async () => {
  const provider = providerAt(github);
  const attempt = anAttempt();
  const url = await provider.signInUrl(attempt);
  assert.equal(url.pathname, "/login/oauth/authorize");
  assert.deepEqual([...url.searchParams.keys()].sort(), [
    "client_id",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "redirect_uri",
    "scope",
    "state",
  ]);
  assert.equal(url.searchParams.get("state"), attempt.state);
  assert.equal(url.searchParams.get("redirect_uri"), callbackUrl);
  assert.equal(url.searchParams.get("scope"), "user:email read:org");
  assert.equal(url.searchParams.get("prompt"), "select_account");
  const back = await github.signIn(url);

  const wrongVerifier = provider.completeSignIn(back, { ...attempt, codeVerifier: "v".repeat(43) });
  assert.match((await failureOf(wrongVerifier)).message, /answered 200 .*bad_verification_code/);
  const again = await github.signIn(url);
  const foreignState = provider.completeSignIn(again, { ...attempt, state: "another" });
  assert.match((await failureOf(foreignState)).message, /another attempt's state/);
  for (const [iss, outcome] of [
    ["https://github.com", "fulfilled"],
    ["https://github.com/login/oauth", "fulfilled"],
    ["https://idp.example.com", "rejected"],
    ["https://github.com.evil.test", "rejected"],
  ] as const) {
    const answer = await github.signIn(url);
    answer.searchParams.set("iss", iss);
    const [{ status }] = await Promise.allSettled([provider.completeSignIn(answer, attempt)] as const);
    assert.equal(status, outcome, iss);
  }
  const stranger = { clientSecret: "not-the-app's-secret" };
  const refused = await failureOf(signIn(github, stranger));
  assert.match(refused.message, /incorrect_client_credentials.*check client_id and client_secret/);
  assert.doesNotMatch(refused.message, /not-the-app/);

  await assertUnticked("read:org", "untickedAddress");
  await assertUnticked("", "untickedAddress");
  await assertUnticked("user:email", "untickedOrganisations", { organizations: ["acme"] });
  await assertUnticked("", "untickedAddressAndOrganisations", { organizations: ["acme"] });
  for (const granted of ["user,admin:org", "read:org,user:email", "user:email read:org"]) {
    github.granted = granted;
    github.answers.set("/user/emails", (_, response) => json(response, 200, github.account.emails));
    github.answers.set("/user/memberships/orgs", (_, response) => json(response, 200, []));
    github.answers.set("/user/teams", (_, response) => json(response, 200, []));
    assert.equal((await signIn(github)).email, "ada@example.com", `${granted} includes what is needed`);
  }
});

async function assertUnticked(
  granted: string,
  key: string,
  options: Parameters<typeof signIn>[1] = {},
): Promise<void> {
  github.granted = granted;
  github.requests.length = 0;
  const failure = await failureOf(signIn(github, options));
  assert.equal(failure.code, "access_denied", granted);
  assert.equal(failure.reason?.key, key);
  assert.equal(github.requests.at(-1), "POST /login/oauth/access_token", "nothing is asked with that token");
}

test("a GitHub App grants no scopes, its permissions count; its token is taken as it is", async () => {
  github.answers.set("/login/oauth/access_token", (_, response) =>
    json(response, 200, { access_token: "ghu_token", token_type: "bearer", scope: "" }),
  );
  github.answers.set("/user", (_, response) => json(response, 200, { id: 7, login: "ada", name: " " }));
  github.answers.set("/user/emails", (_, response) => json(response, 200, github.account.emails));
  github.answers.set("/user/memberships/orgs", (_, response) => json(response, 200, []));
  github.answers.set("/user/teams", (_, response) => json(response, 200, []));
  const ada = await signIn(github);
  assert.deepEqual([ada.subject, ada.email, ada.name], ["7", "ada@example.com", undefined]);
});

test("V-n14 a page that leads elsewhere, a redirect, too much, HTML or an error with 200 gets no token and signs nobody in", async (t) => {
  const trap = await startGithub();
  t.after(() => trap.close());
  const lists = ["/user/emails", "/user/memberships/orgs", "/user/teams"];
  for (const path of lists) {
    github.answers.set(path, (_, response) => {
      response.setHeader("link", `<${trap.origin}${path}?page=2>; rel="next"`);
      json(response, 200, path === "/user/emails" ? github.account.emails : []);
    });
  }
  const followed = await failureOf(signIn(github));
  assert.equal(followed.code, "server_error");
  assert.equal(github.requests.filter((request) => request === "GET /user/emails").length, 10, "and no more");
  for (const path of ["/login/oauth/access_token", "/user", "/user/emails"]) {
    for (const [name, answer] of Object.entries<Parameters<Github["answers"]["set"]>[1]>({
      redirect: (_, response) => response.writeHead(307, { location: `${trap.origin}${path}` }).end(),
      html: (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html></html>"),
      "error with 200": (_, response) =>
        json(response, 200, { error: "bad_verification_code", access_token: "gho_x", token_type: "bearer" }),
      "very much": (_, response) => {
        const chunk = Buffer.alloc(1024 * 1024, " ");
        const write = () =>
          !response.destroyed && response.write(chunk, (error) => error ?? setImmediate(write));
        write();
      },
      "a list for an object, and the reverse": (_, response) =>
        json(response, 200, path === "/user/emails" ? { email: "ada@example.com" } : []),
      "another kind of token": (_, response) =>
        json(response, 200, { access_token: "gho_x", token_type: "mac", scope: "user:email,read:org" }),
    })) {
      github.answers.clear();
      github.answers.set(path, answer);
      const failure = await failureOf(signIn(github));
      assert.equal(failure.code, "server_error", `${name} at ${path}: ${failure.message}`);
      assert.ok(failure.message.length < 1000);
      assert.doesNotMatch(failure.message, /gho_/);
    }
  }
  assert.deepEqual(trap.requests, []);
});

test("an outage of GitHub is told as one, and not as somebody's fault", async () => {
  for (const path of ["/login/oauth/access_token", "/user", "/user/emails"]) {
    for (const [status, body] of [
      [500, "<html>Unicorn!</html>"],
      [429, "{}"],
      [403, '{"message":"API rate limit exceeded for user ID 583231."}'],
    ] as const) {
      if (status === 403 && path.startsWith("/login")) continue;
      github.answers.clear();
      github.answers.set(path, (_, response) => response.writeHead(status).end(body));
      assert.equal((await failureOf(signIn(github))).code, "temporarily_unavailable", `${status} at ${path}`);
    }
  }
  github.answers.clear();
  github.answers.set("/user", () => undefined);
  const late = await failureOf(signIn(github, { timeout: 300 }));
  assert.equal(late.code, "temporarily_unavailable");
});

test("a token of an earlier sign-in tells who the person is now, until they withdraw it", async () => {
  assert.equal((await signIn(github)).credential, undefined, "dropped unless somebody wants it");
  const provider = providerAt(github, {
    revalidation: { every: seconds(86_400), grace: seconds(3600) },
    organizations: ["acme"],
  });
  github.account.memberships = { acme: "active" };
  const attempt = anAttempt();
  const back = await github.signIn(await provider.signInUrl(attempt));
  const { credential = "" } = await provider.completeSignIn(back, attempt);
  assert.equal(credential, github.token);

  github.account.emails = [{ email: "ada@new.example", primary: true, verified: true }];
  github.account.teams = ["acme/admins"];
  const later = await provider.personOf(credential);
  assert.deepEqual(
    [later.subject, later.email, later.groups],
    ["583231", "ada@new.example", ["acme", "acme/admins"]],
  );
  assert.equal(later.credential, credential);

  github.account.memberships = {};
  const left = await failureOf(provider.personOf(credential));
  assert.deepEqual([left.code, left.reason], ["access_denied", { key: "notMember" }]);
  github.answers.set("/user", (_, response) => response.writeHead(502).end());
  assert.equal((await failureOf(provider.personOf(credential))).code, "temporarily_unavailable");
  github.answers.clear();
  github.withdraw();
  assert.equal((await failureOf(provider.personOf(credential))).code, "access_denied");
});
