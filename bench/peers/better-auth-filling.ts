import { hash } from "node:crypto";
import { getMigrations } from "better-auth/db/migration";
import { fillSqlite, type Rows } from "../fill.ts";
import { clientId, introspector, introspectorSecret, redirectUri, scope } from "./clients.ts";
import type { Filling } from "./filling.ts";
import { challenge, secret } from "./secrets.ts";

/**
 * Each with a session. More than there are chains: a refresh token used twice takes all of its person's with
 * it.
 */
const people = 10_000;
const personOf = (n: number) => secret("person", n % people);
const sessionOf = (n: number) => secret("session", n % people);

/** How it keeps tokens, codes and client secrets. */
const hashed = (text: string) => hash("sha256", text, "base64url");

const day = 86_400_000;
const now = Date.now();
const created = new Date(now).toISOString();
const expires = new Date(now + day).toISOString();
const scopes = JSON.stringify(scope.split(" "));

/** Makes the tables in a new database and puts in what is measured, past the adapter. */
export async function fillBetterAuth(options: object, path: string, filling: Filling): Promise<void> {
  const { runMigrations } = await getMigrations(options);
  await runMigrations();
  await fillSqlite(path, async (fill) => {
    await fill("user", users());
    await fill("session", sessions());
    await fill("oauthClient", clients());
    await fill("oauthAccessToken", accessTokens(filling.tokens));
    await fill("oauthRefreshToken", refreshTokens(filling.chains));
    await fill("verification", codes(filling.codes));
  });
}

function* users(): Rows {
  for (let n = 0; n < people; n++) {
    yield {
      id: personOf(n),
      name: "Alice Liddell",
      email: `alice.liddell.${n}@example.com`,
      emailVerified: true,
      createdAt: created,
      updatedAt: created,
    };
  }
}

function* sessions(): Rows {
  for (let n = 0; n < people; n++) {
    yield {
      id: sessionOf(n),
      userId: personOf(n),
      token: secret("session token", n),
      createdAt: created,
      updatedAt: created,
      expiresAt: expires,
    };
  }
}

function* clients(): Rows {
  const common = {
    redirectUris: JSON.stringify([redirectUri]),
    grantTypes: JSON.stringify(["authorization_code", "refresh_token"]),
    responseTypes: JSON.stringify(["code"]),
    scopes,
    createdAt: created,
    updatedAt: created,
  };
  yield { ...common, id: clientId, clientId, clientSecret: null, tokenEndpointAuthMethod: "none" };
  yield {
    ...common,
    id: introspector,
    clientId: introspector,
    clientSecret: hashed(introspectorSecret),
    tokenEndpointAuthMethod: "client_secret_basic",
  };
}

/** In the order of their key: in any other a million of them take long to insert. */
function* accessTokens(count: number): Rows {
  const tokens = Array.from({ length: count }, (_, n) => hashed(secret("token", n))).sort();
  for (const [n, token] of tokens.entries()) {
    yield {
      id: token,
      token,
      clientId: introspector,
      userId: personOf(n),
      sessionId: sessionOf(n),
      scopes,
      createdAt: created,
      expiresAt: expires,
    };
  }
}

function* refreshTokens(count: number): Rows {
  for (let n = 0; n < count; n++) {
    yield {
      id: secret("refresh id", n),
      token: hashed(secret("refresh", n)),
      clientId,
      userId: personOf(n),
      sessionId: sessionOf(n),
      scopes,
      authTime: created,
      createdAt: created,
      expiresAt: expires,
    };
  }
}

function* codes(count: number): Rows {
  for (let n = 0; n < count; n++) {
    const query = {
      response_type: "code",
      client_id: clientId,
      redirect_uri: redirectUri,
      scope,
      state: secret("state", n),
      code_challenge: challenge(secret("verifier", n)),
      code_challenge_method: "S256",
    };
    yield {
      id: secret("code id", n),
      identifier: hashed(secret("code", n)),
      value: JSON.stringify({
        type: "authorization_code",
        query,
        userId: personOf(n),
        sessionId: sessionOf(n),
        authTime: now,
      }),
      createdAt: created,
      updatedAt: created,
      expiresAt: expires,
    };
  }
}
