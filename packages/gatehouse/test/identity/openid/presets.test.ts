import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenIdOptions } from "../../../src/identity/openid/options.ts";
import {
  microsoftIssuer,
  type PresetName,
  personalTenant,
  presetNames,
  presets,
  scopesOf,
} from "../../../src/identity/openid/presets.ts";
import { type ForgedUpstream, startForgedUpstream } from "../../support/forged-upstream.ts";
import { anAttempt, providerOf } from "../attempts.ts";

let upstream: ForgedUpstream;
before(async () => {
  upstream = await startForgedUpstream();
});
after(() => upstream?.close());

async function asked(options: Partial<OpenIdOptions>, attempt = anAttempt()): Promise<URLSearchParams> {
  const provider = providerOf(upstream, { ofVariables: false, ...options });
  return (await provider.signInUrl(attempt)).searchParams;
}

test("V08 every provider is asked for address and name, besides for what brings its groups, unless scopes says otherwise", async () => {
  const basic = "openid email profile";
  const scope = async (options: Partial<OpenIdOptions>) => (await asked(options)).get("scope");
  assert.equal(await scope({}), basic);
  const expected: Record<Exclude<PresetName, "microsoft">, string> = {
    google: basic,
    okta: `${basic} groups`,
    auth0: basic,
    keycloak: basic,
    authentik: basic,
    authelia: `${basic} groups`,
    zitadel: `${basic} urn:zitadel:iam:org:projects:roles`,
    "pocket-id": `${basic} groups`,
  };
  for (const [preset, scopes] of Object.entries(expected)) {
    assert.equal(await scope({ preset: preset as PresetName }), scopes, preset);
  }
  assert.deepEqual(scopesOf("microsoft", microsoftIssuer({ tenant: "corp.example" })), basic.split(" "));
  // A custom server of Okta refuses the whole request for a scope it does not know.
  assert.deepEqual(scopesOf("okta", "https://acme.okta.com/oauth2/default"), basic.split(" "));
  assert.equal(await scope({ preset: "authelia", scopes: ["openid", "email"] }), "openid email");
  // The provider of the variables is asked for what it has always been asked for.
  assert.equal(await scope({ ofVariables: true }), "openid email");
});

test("each preset has a button, and says whether its addresses can be trusted at all", () => {
  for (const name of presetNames) assert.ok(presets[name].title.length > 2, name);
  assert.deepEqual(
    presetNames.filter((name) => presets[name].trustEmail === "never"),
    ["google"],
  );
  assert.equal(presets.microsoft.trustEmail, "one tenant");
});

test("Microsoft is asked at the tenant, or at the place for several, and at another cloud where one is named", () => {
  const one = "1b4cd7a5-1111-4222-8333-0123456789ab";
  assert.equal(microsoftIssuer({ tenant: one }), `https://login.microsoftonline.com/${one}/v2.0`);
  assert.equal(
    microsoftIssuer({ tenants: [one, one] }),
    "https://login.microsoftonline.com/organizations/v2.0",
  );
  assert.equal(
    microsoftIssuer({ tenants: [one, personalTenant] }),
    "https://login.microsoftonline.com/common/v2.0",
  );
  assert.equal(
    microsoftIssuer({ tenant: "Corp.example" }, "https://login.microsoftonline.us"),
    "https://login.microsoftonline.us/corp.example/v2.0",
  );
});

test("Google is asked only for what it knows: to choose the account in place of signing in anew", async () => {
  const prompt = async (wanted: "login" | "none" | "select_account") =>
    (await asked({ preset: "google" }, anAttempt(wanted))).get("prompt");
  assert.equal(await prompt("login"), "select_account");
  assert.equal(await prompt("none"), "none");
  assert.equal(await prompt("select_account"), "select_account");
});

test("a provider is told whom to expect where the address chose it, and only of an address that can be one", async () => {
  const hint = async (loginHint: string | undefined) =>
    (await asked({}, { ...anAttempt(), loginHint })).get("login_hint");
  assert.equal(await hint("ada@corp.example"), "ada@corp.example");
  assert.equal(await hint(undefined), null);
  assert.equal(await hint(`${"a".repeat(250)}@b.c`), `${"a".repeat(250)}@b.c`);
  assert.equal(await hint(`${"a".repeat(251)}@b.c`), null);
});
