import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { OpenIdOptions } from "../../../src/identity/openid/options.ts";
import { failureOf } from "../attempts.ts";
import { google } from "../shapes/google.ts";
import { type Player, play } from "../shapes/player.ts";

let player: Player;
before(async () => {
  player = await play(google);
});
after(() => player?.upstream.close());

const signIn = (claims: Record<string, unknown>, options: Partial<OpenIdOptions>) =>
  player.signIn({ idToken: claims }, options);

async function refused(claims: Record<string, unknown>, options: Partial<OpenIdOptions>, why: RegExp) {
  const failure = await failureOf(signIn(claims, options));
  assert.equal(failure.code, "access_denied");
  assert.match(failure.message, why);
}

test("V29 at Google the Workspace and the address's domain must both be listed; for the provider of the variables the Workspace alone", async () => {
  const work = { domains: ["corp.example"] };
  assert.ok(await signIn({}, work));
  await refused({ email: "ada@elsewhere.example" }, work, /"elsewhere\.example"/);
  await refused({ hd: "elsewhere.example" }, work, /"elsewhere\.example"/);
  // A private account may have an address of the company, and keeps it when its owner leaves.
  for (const hd of [undefined, "", true, ["corp.example"], "corp.example.evil.test"]) {
    await refused({ hd }, work, /the account's domain is/);
    await refused({ hd }, { ...work, addressOptional: true }, /the account's domain is/);
  }
  const ofVariables = { ...work, name: "default", ofVariables: true };
  assert.ok(await signIn({ email: "ada@corp-secondary.example" }, ofVariables));
  await refused({ hd: undefined }, ofVariables, /not one of ALLOWED_DOMAINS/);
  // Beside others no provider speaks for an address of theirs.
  const beside = { ...ofVariables, otherDomains: ["partner.example"] };
  await refused({ email: "ada@partner.example" }, beside, /"partner\.example"/);
});

test("V30 beside other providers Google proves addresses at gmail.com and of Workspaces, and no others", async () => {
  const beside = { domains: "*", otherDomains: ["partner.example"] } as const;
  assert.ok(await signIn({ hd: undefined, email: "ada@gmail.com" }, beside));
  assert.ok(await signIn({}, beside));
  await refused({ hd: undefined }, beside, /no authority/);
  await refused({ hd: undefined, email: "ada@notgmail.com" }, beside, /no authority/);
  await refused({ email: "ada@partner.example" }, beside, /another provider names it/);
  // Alone there is nobody it could be mistaken for.
  assert.ok(await signIn({ hd: undefined }, { domains: undefined }));
  const admitted = await signIn({ hd: undefined }, { ...beside, addressOptional: true });
  assert.equal(admitted.email, "");
});
