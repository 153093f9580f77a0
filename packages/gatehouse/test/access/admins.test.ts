import assert from "node:assert/strict";
import { test } from "node:test";
import { createAdmins } from "../../src/access/admins.ts";
import { readConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/config-errors.ts";
import { providersOf } from "../../src/identity/providers.ts";
import type { IdentityProvider, Person } from "../../src/oauth/ports.ts";
import type { Subject } from "../../src/oauth/values.ts";

/* Who may use the console. */

const provider = (name: string, domains: IdentityProvider["domains"]): IdentityProvider => ({
  name,
  title: name,
  domains,
  signInUrl: () => Promise.reject(new Error("nobody signs in here")),
  completeSignIn: () => Promise.reject(new Error("nobody signs in here")),
});
const person = (over: Partial<Person>): Person => ({
  provider: "work",
  issuer: "https://idp.example",
  upstreamSubject: "1",
  subject: "user_1" as Subject,
  email: "ada@example.com",
  groups: [],
  ...over,
});
const two = providersOf([provider("work", ["example.com"]), provider("home", "*")]);
const list = {
  addresses: ["ada@example.com", "bert@elsewhere.example"],
  groups: [{ provider: "work", name: "ops" }],
};

test("an address makes an administrator of whoever came with it through the provider that may speak for it", () => {
  const admins = createAdmins(list, two);
  assert.ok(admins.includes(person({})));
  assert.ok(admins.includes(person({ email: "ADA@Example.COM" })), "in any case");
  assert.ok(admins.includes(person({ provider: "home", email: "bert@elsewhere.example" })));
  for (const nobody of [
    person({ email: "eve@example.com" }),
    person({ email: "ada@example.com.evil.example" }),
    person({ email: "ada@sub.example.com" }),
    person({ email: "" }),
    person({ provider: "home" }), // for which another one speaks
    person({ provider: "work", email: "bert@elsewhere.example" }),
    person({ provider: "gone" }),
    person({ email: "ada@exam\u212Aple.com" }),
  ]) {
    assert.equal(admins.includes(nobody), false, `${nobody.email} of ${nobody.provider}`);
  }
});

test("a group makes administrators of its own provider's people alone, and unknown groups of nobody", () => {
  const admins = createAdmins(list, two);
  const email = "eve@example.com";
  assert.ok(admins.includes(person({ email, groups: ["x", "ops"] })));
  assert.equal(admins.includes(person({ email, groups: ["Ops", "ops2"] })), false);
  assert.equal(admins.includes(person({ email, groups: undefined })), false);
  assert.equal(admins.includes(person({ provider: "home", email: "e@x.example", groups: ["ops"] })), false);
});

test("ADMINS that cannot be meant is an error at the start", () => {
  const environment = {
    BASE_URL: "https://login.example.com",
    OAUTH2_CLIENT_ID: "id",
    OAUTH2_CLIENT_SECRET: "secret",
    UPSTREAM_ISSUER: "https://idp.example",
  };
  const read = (ADMINS: string) => readConfig({ ...environment, ADMINS }, "serve").admins;
  assert.equal(readConfig(environment, "serve").admins, undefined);
  assert.deepEqual(read("Ada@EXAMPLE.com, b@bücher.example"), {
    addresses: ["ada@example.com", "b@xn--bcher-kva.example"],
    groups: [],
  });
  for (const wrong of [
    "ada",
    "@example.com",
    "ada@",
    "group:",
    "ada@example.com,,b@example.com",
    "*@example.com ,",
    "group:ops",
  ]) {
    assert.throws(
      () => read(wrong),
      (error) => error instanceof ConfigError && /ADMINS/.test(error.message),
      wrong,
    );
  }
});
