import assert from "node:assert/strict";
import { test } from "node:test";
import { readAnswer } from "../../../src/identity/openid/callback-answer.ts";
import { SignInError } from "../../../src/oauth/ports.ts";

/* Error responses as providers send them: did the person cancel, or does the provider not let them in? */

/** A line of the address that the browser comes back to, as it was seen in the field or is documented. */
function errorOf(query: string): SignInError {
  const answer = new URLSearchParams(query);
  answer.set("state", "s");
  const provider = { issuer: "https://idp.example", namesItself: false };
  try {
    readAnswer(answer, "s", provider, { acceptsAnswer: () => true });
  } catch (error) {
    if (error instanceof SignInError) return error;
    throw error;
  }
  assert.fail(query);
}

const turnedAway = [
  // Entra: not assigned, as a redirect has it; blocked by a policy; in another language.
  "error=interaction_required&error_description=AADSTS50105%3a+The+signed+in+user+%27%7bEmailHidden%7d%27+is+not+assigned+to+a+role+for+the+application+%27client_id%27(Dev).%0d%0aTrace+ID%3a+907851ba-1776-4656-84a5-d1a0ded73200&error_uri=https%3a%2f%2flogin.microsoftonline.com%2ferror%3fcode%3d50105",
  "error=access_denied&error_description=AADSTS50105%3a+Your+administrator+has+configured+the+application+Notes+to+block+users+unless+they+are+specifically+granted+(%27assigned%27)+access",
  "error=interaction_required&error_description=AADSTS53003%3A+Access+has+been+blocked+by+Conditional+Access+policies.&suberror=message_only",
  "error=access_denied&error_description=AADSTS50105%3A+Der+angemeldete+Benutzer+wurde+keiner+Rolle+zugewiesen.",
  // Okta: not assigned, or kept out by a policy.
  "error=access_denied&error_description=User+is+not+assigned+to+the+client+application.",
  "error=access_denied&error_description=Policy+evaluation+failed+for+this+request%2C+please+check+the+policy+configurations.",
  // Auth0: blocked, or by a rule, whose words are whatever its author wrote.
  "error=unauthorized&error_description=user%20is%20blocked",
  "error=unauthorized&error_description=Only%20admins%20can%20use%20this",
  // Google, Authelia, Pocket ID.
  "error=admin_policy_enforced",
  "error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request.+The+user+was+denied+access+to+this+client.",
  "error=access_denied&error_description=You%27re+not+allowed+to+access+this+service.",
];

const cancelled = [
  // Google, Keycloak and IdentityServer say nothing beside it.
  "error=access_denied",
  // Entra: going back, declining, and an administrator who declines for all; B2C.
  "error=access_denied&error_subcode=cancel",
  "error=access_denied&error_subcode=cancel&error_description=AADSTS65004%3a+User+declined+to+consent+to+access+the+app.",
  "error=consent_required&error_description=AADSTS65004%3a+The+resource+owner+or+authorization+server+denied+the+request.",
  "error=access_denied&error_description=AADB2C90091%3A+The+user+has+cancelled+entering+self-asserted+information.",
  // Auth0, GitHub, Authelia and all that is built on Ory Fosite or Doorkeeper; Apple and LinkedIn.
  "error=access_denied&error_description=User+did+not+authorize+the+request",
  "error=access_denied&error_description=User+has+canceled+the+interaction.",
  "error=access_denied&error_description=The+user+has+denied+your+application+access.",
  "error=access_denied&error_description=The+resource+owner+or+authorization+server+denied+the+request.",
  "error=user_cancelled_authorize",
  "error=user_cancelled_login&error_description=The+user+cancelled+LinkedIn+login",
];

test("whether a person cancelled or was turned away is told by the codes and numbers of known providers, and by words only at last", () => {
  for (const [answers, key, reason] of [
    [turnedAway, "turnedAway", "turned away by the provider"],
    [cancelled, "cancelled", "cancelled at the provider"],
  ] as const) {
    for (const answer of answers) {
      const error = errorOf(answer);
      assert.deepEqual(
        [error.code, error.reason?.key, error.logReason],
        ["access_denied", key, reason],
        answer,
      );
    }
  }
});

test("what is no answer to the person stays another error, whatever its words", () => {
  for (const [answer, code, wantsPerson] of [
    ["error=login_required", "server_error", true],
    ["error=interaction_required&error_description=The+user+is+not+allowed", "server_error", true],
    ["error=consent_required&error_description=AADSTS65001%3a+no+consent", "server_error", true],
    ["error=server_error&error_description=The+user+is+not+allowed", "server_error", false],
    ["error=invalid_scope&error_description=AADSTS70011%3a+not+valid", "server_error", false],
    [
      "error=temporarily_unavailable&error_description=authentication_expired",
      "temporarily_unavailable",
      false,
    ],
    ["error=toString&error_description=AADSTS99999", "server_error", false],
  ] as const) {
    const error = errorOf(answer);
    assert.deepEqual([error.code, error.wantsPerson, error.reason], [code, wantsPerson, undefined], answer);
  }
});

test("who was asked silently sees the provider's own page before ours", () => {
  const [silent = ""] = turnedAway;
  assert.equal(errorOf(silent).wantsPerson, true);
  assert.equal(errorOf("error=access_denied&error_description=AADSTS50105").wantsPerson, false);
});
