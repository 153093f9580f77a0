import { randomBytes } from "node:crypto";
import type {
  AccessToken,
  Account,
  AuthorizationRequest,
  Client,
  Code,
  Grant,
  KnownAccount,
  Transaction,
} from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import type { ReplayPolicy } from "../../src/oauth/store/grants.ts";
import type { Store } from "../../src/oauth/store.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import {
  type ClientId,
  type GrantId,
  type Seconds,
  type SecretHash,
  type Subject,
  seconds,
} from "../../src/oauth/values.ts";

/* Records of every kind, as the contract's tests begin with them. */

export const now = seconds(1_800_000_000);
export const later = (by: number): Seconds => seconds(now + by);
export const unique = (): string => randomBytes(16).toString("base64url");
export const aHash = (): SecretHash => hashSecret(unique());

export const aClient = (over: Partial<Client> = {}): Client => ({
  id: `c${unique()}` as ClientId, // a hyphen in front would be an option on a command line
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  keys: undefined,
  redirectUris: ["https://app.example.com/cb", "http://127.0.0.1/cb"],
  grantTypes: ["authorization_code", "refresh_token"],
  scope: "read",
  metadata: {
    name: "Näme 'quoted' \"; drop table",
    uri: "https://app.example.com",
    contacts: ["a@b.example"],
  },
  dynamicallyRegistered: true,
  shared: false,
  createdAt: now,
  lastUsedAt: undefined,
  ...over,
});

export const anAuthorization = (
  client: Client,
  over: Partial<AuthorizationRequest> = {},
): AuthorizationRequest => ({
  clientId: client.id,
  redirectUri: "https://app.example.com/cb?x=1",
  state: "state with spaces & ünïcode",
  codeChallenge: hashSecret(unique()),
  scope: "read write",
  resource: canonicalResource("https://mcp.example.com/mcp"),
  ...over,
});

/** Somebody who signed in. */
export const anAccount = (over: Partial<Account> = {}): Account => ({
  subject: `user_${unique()}` as Subject,
  issuer: "https://idp.example",
  upstreamSubject: unique(),
  provider: "default",
  email: `${unique()}@example.com`,
  name: undefined,
  groups: [],
  confirmedAt: undefined,
  ...over,
});

/** What of a known account the provider said. */
export const asAccount = ({ createdAt, signedInAt, blockedAt, ...account }: KnownAccount): Account => account;

/** An attempt that has just begun: nobody has signed in yet. */
export const aTransaction = (
  authorization: AuthorizationRequest,
  over: Partial<Transaction> = {},
): Transaction => ({
  handleHash: aHash(),
  bindingHash: aHash(),
  authorization,
  provider: "work",
  signedIn: undefined,
  expiresAt: later(600),
  ...over,
});

export const aCode = (authorization: AuthorizationRequest, over: Partial<Code> = {}): Code => ({
  codeHash: aHash(),
  authorization,
  subject: `user_${unique()}` as Subject,
  email: "alice@example.com",
  authTime: now,
  createdAt: now,
  expiresAt: later(60),
  ...over,
});

export const aGrant = (code: Code, over: Partial<Grant> = {}): Grant => ({
  id: unique() as GrantId,
  clientId: code.authorization.clientId,
  subject: code.subject,
  email: code.email,
  scope: code.authorization.scope,
  resource: code.authorization.resource,
  generation: 1,
  salt: unique(),
  authTime: code.authTime,
  createdAt: now,
  rotatedAt: now,
  expiresAt: later(1000),
  endsAt: later(5000),
  keyId: undefined,
  ...over,
});

export const aToken = (grant: Grant, over: Partial<AccessToken> = {}): AccessToken => ({
  tokenHash: aHash(),
  email: grant.email,
  subject: grant.subject,
  clientId: grant.clientId,
  grantId: grant.id,
  scope: grant.scope,
  resource: grant.resource,
  createdAt: now,
  expiresAt: later(600),
  ...over,
});

/** Forgives the previous generation for a minute. */
export const strict: ReplayPolicy = { window: seconds(60), generations: 1, late: seconds(0) };
/** Moves the grant ahead afterwards, for a quarter of an hour. */
export const lossless: ReplayPolicy = { ...strict, late: seconds(900) };

/** Presents a generation of the grant; only the previous one is forgiven, for a minute. */
export const aRotation = (grant: Grant, presented: number, over: Partial<Rotate> = {}): Rotate => ({
  grantId: grant.id,
  presented,
  now,
  replay: strict,
  expiresAt: later(2000),
  accessToken: aToken(grant),
  ...over,
});
type Rotate = Parameters<Store["rotateGrant"]>[0];

export const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
export const count = <T>(values: readonly T[], wanted: T): number =>
  values.filter((value) => value === wanted).length;
