import assert from "node:assert/strict";
import { test } from "node:test";
import type { Identity } from "../../../src/oauth/ports.ts";
import { failureOf } from "../attempts.ts";
import { auth0 } from "./auth0.ts";
import { authelia } from "./authelia.ts";
import { authentik } from "./authentik.ts";
import { google } from "./google.ts";
import { keycloak } from "./keycloak.ts";
import { microsoft, microsoftSeveral } from "./microsoft.ts";
import { okta, oktaCustom } from "./okta.ts";
import { type Bend, type Player, play } from "./player.ts";
import { pocketId } from "./pocket-id.ts";
import type { Shape } from "./shape.ts";
import { zitadel } from "./zitadel.ts";

/*
 * Each provider people have, as it answers by its documentation, and what an administrator, a fault or an
 * attacker may make of that.
 */

const shapes = [
  ...[google, microsoft, microsoftSeveral, okta, oktaCustom, auth0, keycloak],
  ...[authentik, authelia, zitadel, pocketId],
];

/** Removes claims. */
const without = (...names: string[]) => Object.fromEntries(names.map((name) => [name, undefined]));

/** What may as well stand in userinfo: all but what says whose account it is. */
const movable = (shape: Shape) =>
  Object.keys(shape.idToken).filter(
    (name) => ["email", "email_verified", "name"].includes(name) || isGroups(name),
  );
const isGroups = (name: string) => /groups|roles|teams/.test(name);

const allInUserinfo = (shape: Shape): Bend => ({
  idToken: without(...movable(shape)),
  userinfo: Object.fromEntries(movable(shape).map((name) => [name, shape.idToken[name]])),
});

for (const shape of shapes) {
  const title = `${shape.preset}${shape.variant ? `, ${shape.variant}` : ""}`;
  test(`${title}: who signs in, with which address and groups, wherever they stand, and who does not`, async (t) => {
    const player = await play(shape);
    t.after(() => player.upstream.close());
    const { proof, issuerOfPerson = (issuer: string) => issuer } = shape;
    const person = { provider: "work", issuer: issuerOfPerson(player.upstream.issuer), ...shape.person };

    await t.test("as it is documented", async () => {
      assert.deepEqual(personOf(await player.signIn()), person);
    });
    await t.test("everything but the account in userinfo", async () => {
      assert.deepEqual(personOf(await player.signIn(allInUserinfo(shape))), person);
    });
    await t.test("with the variables alone, but for Microsoft", async () => {
      const variables = { name: "default", preset: undefined, groupsClaim: undefined, ofVariables: true };
      if (shape.preset === "microsoft") {
        const { code } = await failureOf(player.signIn({}, { ...variables, tenants: undefined }));
        assert.equal(code, shape.variant === undefined ? "access_denied" : "server_error");
        return;
      }
      const { subject, email, sid } = shape.person;
      const known = { provider: "default", issuer: player.upstream.issuer, subject, email };
      const nothingElse = { name: undefined, groups: [], ...(sid && { sid }) };
      assert.deepEqual(personOf(await player.signIn({}, variables)), { ...known, ...nothingElse });
    });
    await t.test("no address anywhere", () =>
      refused(player, { idToken: without("email"), userinfo: without("email") }, "noAddress"),
    );
    await t.test("no proof anywhere", () =>
      refused(player, { idToken: without(proof), userinfo: without(proof) }, "unverifiedAddress"),
    );
    await t.test("a proof that is there and not true, in either place, whatever is trusted", async () => {
      for (const value of [false, "yes", 0, null, [true]]) {
        for (const trustEmail of [false, true]) {
          await refused(player, { idToken: { [proof]: value } }, "unverifiedAddress", { trustEmail });
        }
      }
      if (proof === "xms_edov") return;
      for (const trustEmail of [false, true]) {
        const bend = { idToken: without(proof), userinfo: { [proof]: false } };
        await refused(player, bend, "unverifiedAddress", { trustEmail });
      }
    });
    await t.test("userinfo of somebody else", async () => {
      const bend = allInUserinfo(shape);
      for (const sub of ["somebody-else", `${shape.sub} `, undefined]) {
        const failure = await failureOf(player.signIn({ ...bend, userinfo: { ...bend.userinfo, sub } }));
        assert.equal(failure.code, "server_error");
        assert.match(failure.message, /sub is .* in userinfo, .* but .* in the ID token/);
      }
    });
    await t.test("another key under the same name", async () => {
      const provider = player.provider();
      await player.signInAt(provider);
      const asked = player.count("/jwks");
      assert.equal((await player.signInAt(provider, { changedKey: true })).subject, shape.person.subject);
      assert.equal(player.count("/jwks"), asked + 1);
    });
    await t.test("a token without nonce", async () => {
      const failure = await failureOf(player.signIn({ idToken: without("nonce") }));
      assert.equal(failure.code, "server_error");
      assert.match(failure.message, /has no nonce though one was sent/);
    });
  });
}

/** Without what was noted of how that came about. */
function personOf({ claims, authenticatedAt: _, ...person }: Identity): Partial<Identity> {
  assert.ok(claims !== undefined);
  return person;
}

async function refused(
  player: Player,
  bend: Bend,
  reason: "noAddress" | "unverifiedAddress",
  options = {},
): Promise<void> {
  const failure = await failureOf(player.signIn(bend, options));
  assert.equal(failure.code, "access_denied", failure.message);
  assert.equal(failure.reason?.key, reason, failure.message);
}
