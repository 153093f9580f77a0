import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createAccess } from "../../src/access/access.ts";
import type { Rule } from "../../src/access/rules.ts";
import { createOpenIdProvider } from "../../src/identity/openid/provider.ts";
import { defaultProvider } from "../../src/oauth/ports.ts";
import { subjectOf } from "../../src/oauth/subject.ts";
import { seconds } from "../../src/oauth/values.ts";
import { allow, deny, of } from "../access/people.ts";
import { startTestGatehouse, type TestGatehouse } from "../support/gatehouse.ts";
import {
  aPublicClient,
  authorizationUrl,
  isActive,
  redeem,
  refresh,
  refreshed,
  resource,
  type TestClient,
  tokensOf,
} from "../support/oauth-client.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";
import { UserAgent } from "../support/user-agent.ts";

/* How long each way out takes, measured on the server's clock and held against the table of the docs. */

const document = readFileSync(join(import.meta.dirname, "../../../../docs/off-boarding.md"), "utf8");

/** A row of the table: seconds, or never. */
function documented(wayOut: string): readonly (number | undefined)[] {
  const row = document.split("\n").find((line) => line.startsWith(`| ${wayOut}`)) ?? assert.fail(wayOut);
  return row
    .split("|")
    .slice(2, 5)
    .map((cell) => (cell.trim() === "—" ? undefined : Number(cell)));
}

const staff = allow({ group: [of("staff", defaultProvider)] });
let rules: readonly Rule[] = [staff];
let upstream: Upstream;
let ends: "sessions" | "grants" = "sessions";
let groups: readonly string[] = ["staff"];
let server: TestGatehouse;
let client: TestClient;

before(async () => {
  const access = () => createAccess({ signIn: rules, resources: new Map() }, [defaultProvider]);
  server = await startTestGatehouse({ ACCESS_TOKEN_TTL: "1h" }, "serve", access, async (issuer) => {
    const callbackUrl = `${issuer}/callback`;
    upstream = await startUpstream({
      redirectUris: [callbackUrl],
      logoutUri: `${issuer}/backchannel-logout/${defaultProvider}`,
      offline: true,
      claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
      claimsOf: () => ({ ...upstream.account, name: "Somebody", groups }),
    });
    const { clientId, clientSecret } = upstream;
    const provider = createOpenIdProvider({
      name: defaultProvider,
      title: "Work account",
      issuer: upstream.issuer,
      clientId,
      clientSecret,
      callbackUrl,
      groupsClaim: "groups",
      revalidate: seconds(86_400),
    });
    return [
      {
        ...provider,
        get logoutEnds() {
          return ends;
        },
      },
    ];
  });
  await server.addResource(resource);
  client = await aPublicClient(server);
});
after(async () => {
  await server?.stop();
  await upstream?.close();
});

const isCallback = (url: URL) => url.href.startsWith(client.redirectUri);

async function signIn(agent = new UserAgent()): Promise<{ html: string; agent: UserAgent }> {
  const { html } = await agent.follow(authorizationUrl(server, client), isCallback);
  return { html, agent };
}

let people = 0;
/** Somebody new who has just signed in and connected an app. */
async function aPerson() {
  const sub = `leaver-${++people}`;
  upstream.account = { sub, email: `${sub}@example.com`, email_verified: true };
  const agent = new UserAgent();
  const page = await agent.follow(authorizationUrl(server, client), isCallback);
  const { url } = await agent.submit(page, { decision: "approve" }, isCallback);
  const tokens = tokensOf(await redeem(server, client, url.searchParams.get("code") ?? ""));
  const sid = upstream.sids.at(-1) ?? assert.fail();
  return { sub, sid, tokens, subject: subjectOf({ issuer: upstream.issuer, subject: sub }) };
}
type Person = Awaited<ReturnType<typeof aPerson>>;

const canSignIn = async () => /value="approve"/.test((await signIn()).html);

/** What is true a second before so many seconds after the way out, and not any more a second after. */
async function measure(
  leave: (person: Person) => unknown,
  [signInEnds, refreshEnds, tokenEnds]: readonly (number | undefined)[],
  comeBack: (person: Person) => unknown = () => undefined,
): Promise<void> {
  const ways: readonly [number | undefined, (person: Person) => Promise<boolean>, string][] = [
    [signInEnds, () => canSignIn(), "sign-in"],
    [
      refreshEnds,
      async ({ tokens }) => (await refresh(server, client, tokens.refresh_token)).status === 200,
      "refresh",
    ],
  ];
  for (const [limit, works, what] of ways) {
    for (const [offset, expected] of around(limit)) {
      const person = await aPerson();
      await leave(person);
      server.clock.advance(offset);
      assert.equal(await works(person), expected, `${what}, ${offset} s later`);
      await comeBack(person);
    }
  }
  // The last one that can be had: at the very end of refreshing.
  for (const [offset, expected] of around(tokenEnds)) {
    const person = await aPerson();
    await leave(person);
    const last = refreshEnds === undefined || refreshEnds === 0 ? 0 : refreshEnds;
    server.clock.advance(last);
    const { access_token } =
      last === 0 ? person.tokens : await refreshed(server, client, person.tokens.refresh_token);
    server.clock.advance(offset - last);
    assert.equal(await isActive(server, access_token), expected, `access token, ${offset} s later`);
    await comeBack(person);
  }
}

/** A day where something never ends, for access tokens within their own life. */
const around = (limit: number | undefined): readonly (readonly [number, boolean])[] => {
  if (limit === undefined) return [[3599, true]];
  return limit === 0
    ? [[0, false]]
    : [
        [limit - 1, true],
        [limit + 1, false],
      ];
};

test("V59 each way out ends sign-in, refresh and access tokens when the docs say, to the second", async () => {
  await measure(
    () => {
      rules = [staff, deny({ domain: ["example.com"] })];
    },
    documented("a rule is changed"),
    () => {
      rules = [staff];
    },
  );
  await measure(
    () => {
      groups = [];
    },
    documented("a group is lost"),
    () => {
      groups = ["staff"];
    },
  );
  await measure(({ sub }) => upstream.closed.add(sub), documented("the account is closed"));
  const logOut = ({ sub, sid }: Person) => upstream.signOut(sub, sid);
  await measure(logOut, documented("a logout at the provider, `backchannel_logout: sessions`"));
  ends = "grants";
  await measure(logOut, documented("a logout at the provider, `backchannel_logout: grants`"));
  const { store, clock } = server;
  await measure(({ subject }) => store.blockAccount(subject, clock.now()), documented("`people block`"));
  await measure(({ subject }) => store.removeAccount(subject), documented("`people remove`"));
});
