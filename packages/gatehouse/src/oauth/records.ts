import type { JSONWebKeySet } from "jose";
import type { ClientId, GrantId, ResourceIdentifier, Seconds, SecretHash, Subject } from "./values.ts";

/*
 * What the protocol remembers, as the store keeps it. Each record is a plain, immutable value.
 */

export type TokenEndpointAuthMethod =
  | "none"
  | "client_secret_post"
  | "client_secret_basic"
  | "private_key_jwt";

/** A client as stored (RFC 7591 §2 metadata, as this server enforces it). */
export interface Client {
  readonly id: ClientId;
  readonly authMethod: TokenEndpointAuthMethod;
  /** SHA-256 of the secret. */
  readonly secretHash: SecretHash | undefined;
  /**
   * LEGACY: a secret in clear text, in rows the old service wrote. While it is there it decides, and the hash
   * follows it (T03).
   */
  readonly clearSecret: string | undefined;
  /** After a rotation: the secret before, for as long as it stays good beside the new one. */
  readonly previousSecret?: PreviousSecret;
  /**
   * What its assertions are verified with (RFC 7523). On a public client: an assertion may be sent, and is
   * then verified.
   */
  readonly keys: ClientKeys | undefined;
  /**
   * Exact URIs; only for operator-provisioned `client_secret_post` clients patterns of the LEGACY dialect.
   */
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  /**
   * Space-delimited scope the client registered, `undefined` for no ceiling. Informative: resources decide.
   */
  readonly scope: string | undefined;
  /** What it says of itself, shown on the consent page and echoed at registration. */
  readonly metadata: ClientMetadata;
  /**
   * True when nobody but the client vouches for it: registered by itself (RFC 7591), here or with the service
   * before us, or by its metadata document; false when the operator provisioned it or vouches for it.
   */
  readonly dynamicallyRegistered: boolean;
  /**
   * True when it was registered more than once, by several installations or by strangers who say the same of
   * themselves.
   */
  readonly shared: boolean;
  /** When a file declares it. */
  readonly declared?: Declared;
  /**
   * Its registration's, or that under which what its document says now was read: attempts name it, and none
   * of them is its own (Z03). Left out in rows of before there were such.
   */
  readonly reference?: string;
  readonly createdAt: Seconds;
  /** Last redemption, refresh, or repeated registration; `undefined` when there was none. */
  readonly lastUsedAt: Seconds | undefined;
}

/** A resource or a client that gatehouse.yaml declares; no command changes it. */
export interface Declared {
  /** `gatehouse.yaml:12:5`. */
  readonly place: string;
  /** Of what it must be when it comes back, to be the same. */
  readonly fingerprint: string;
  /** Since when it is gone from the file: it does nothing, and its grants wait for it. */
  readonly leftAt?: Seconds;
}

/** How the resource and the client of something that was granted stand now. */
export interface Standing {
  /** The scopes that the resource has; left out: it takes any. */
  readonly scopes?: readonly string[];
  /** One of them is gone from the file that declared it. */
  readonly left?: true;
}

export interface PreviousSecret {
  readonly secretHash: SecretHash;
  readonly until: Seconds;
}

/** Public keys of a client (RFC 7591 §2): by value or by reference, never both. */
export interface ClientKeys {
  readonly jwks?: JSONWebKeySet;
  readonly uri?: string;
  /** `token_endpoint_auth_signing_alg`: the only algorithm it signs with, if it said so. */
  readonly algorithm?: string;
}

export interface ClientMetadata {
  readonly name?: string;
  readonly uri?: string;
  readonly logoUri?: string;
  readonly policyUri?: string;
  readonly termsUri?: string;
  readonly applicationType?: "web" | "native";
  readonly contacts?: readonly string[];
  readonly softwareId?: string;
  readonly softwareVersion?: string;
  /**
   * It registered without naming an authentication method: it got a secret, and may come without it as well.
   */
  readonly namedNoAuthMethod?: true;
}

/** A protected resource: an MCP server tokens can be bound to (RFC 8707, RFC 9728). */
export interface Resource {
  readonly identifier: ResourceIdentifier;
  readonly name: string | undefined;
  /** Its scopes, each with a sentence for the consent page. None: it takes any scope, shown by its name. */
  readonly scopes: readonly ResourceScope[];
  readonly createdAt: Seconds;
  /** What it is told of people besides (V38); left out: nothing. */
  readonly claims?: readonly ResourceClaim[];
  /** When a file declares it. */
  readonly declared?: Declared;
  /** The introspection credential before the last rotation: good until its end. */
  readonly previousCredential?: { readonly hash: SecretHash; readonly until: Seconds };
}

/** What a resource may ask to be told of whoever a token stands for. */
export const resourceClaims = ["name", "groups"] as const;
export type ResourceClaim = (typeof resourceClaims)[number];

export interface ResourceScope {
  readonly name: string;
  readonly sentence: string | undefined;
  /** Whoever asks for no scope gets those that are marked so; with none marked, all but the optional ones. */
  readonly isDefault?: true;
  /** A tick on the consent page, without which it is not granted; only to who asks for it. Never default. */
  readonly isOptional?: true;
}

/** Who signed in, as the identity provider proved it. */
export interface Account {
  readonly subject: Subject;
  readonly issuer: string;
  readonly upstreamSubject: string;
  /** The name of the provider they signed in with last. */
  readonly provider: string;
  /** Verified by the provider (C14). May change; never the key (C13). Empty where the provider gives none. */
  readonly email: string;
  readonly name: string | undefined;
  /** `undefined`: not known, which is never the same as none. */
  readonly groups: readonly string[] | undefined;
  /** When the provider last proved who they are; `undefined`: before such notes were kept. */
  readonly confirmedAt: Seconds | undefined;
}

/** An account, with what the operator is told of it. */
export interface KnownAccount extends Account {
  readonly createdAt: Seconds;
  /** The last sign-in; after a removal, the removal's. */
  readonly signedInAt: Seconds;
  /** Since when the operator lets this person do nothing here. */
  readonly blockedAt: Seconds | undefined;
}

/** A browser that signed in, so that the next client does not ask again. */
export interface BrowserSession {
  readonly account: Account;
  /** When the person last proved who they are (OpenID Connect `auth_time`). */
  readonly authTime: Seconds;
}

/** A validated authorization request, as everything after it sees it (C05). */
export interface AuthorizationRequest {
  readonly clientId: ClientId;
  readonly redirectUri: string;
  readonly state: string | undefined;
  /** S256 only. `undefined` only for LEGACY confidential clients. */
  readonly codeChallenge: string | undefined;
  /** Space-delimited granted-at-most scope: already narrowed to what the resource knows. */
  readonly scope: string;
  /** `undefined` only for LEGACY confidential clients, whose tokens have no audience (L05). */
  readonly resource: ResourceIdentifier | undefined;
  /** Of the request that began the attempt; left out in rows of before there were such. */
  readonly reference?: string;
}

/**
 * One attempt to authorize, from the authorization request to the decision. It lives at one of three stages:
 * `choice`, while the person chooses where to sign in, and each choice begins another attempt; `sign-in`,
 * while the browser is at the identity provider; and `consent`, once it is known who the person is.
 */
export interface Transaction {
  /** Hash of the handle that travels as upstream `state` and in the consent form. */
  readonly handleHash: SecretHash;
  /** Hash of the secret in this attempt's cookie: binds the attempt to one browser (C02). */
  readonly bindingHash: SecretHash;
  readonly authorization: AuthorizationRequest;
  /**
   * The name of the provider that the browser was sent to; left out where it was signed in already, and
   * before several were possible.
   */
  readonly provider?: string;
  /** Set at stage `choice`; at `sign-in` where it is `silent`. */
  readonly choice?: SignInChoice;
  /** Set at stage `consent`: who signed in. */
  readonly signedIn: SignedIn | undefined;
  readonly expiresAt: Seconds;
}

/** What a person who chooses where to sign in chooses from. */
export interface SignInChoice {
  /** What the chosen provider is asked for. */
  readonly prompt: "select_account" | "login";
  /** The names of the providers that will do; left out: all. */
  readonly providers?: readonly string[];
  /** The provider was asked silently, and this is what follows where it wants the person. */
  readonly silent?: true;
}

export interface SignedIn {
  readonly subject: Subject;
  readonly email: string;
  readonly authTime: Seconds;
}

/** An authorization code as issued. Its facts never change; only its use does. */
export interface Code {
  readonly codeHash: SecretHash;
  readonly authorization: AuthorizationRequest;
  readonly subject: Subject;
  readonly email: string;
  readonly authTime: Seconds;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
}

/**
 * A code as found: with whether it was used, and for which grant (none: it was burnt by a wrong verifier).
 */
export interface FoundCode extends Code {
  readonly used: boolean;
  readonly grantId: GrantId | undefined;
  readonly standing?: Standing;
}

/** What a person allowed one installation of a client to do. */
export interface Grant {
  readonly id: GrantId;
  readonly clientId: ClientId;
  readonly subject: Subject;
  readonly email: string;
  readonly scope: string;
  /** What rules of access took from the scope since it was granted, if anything (V44). */
  readonly takenScope?: string;
  readonly resource: ResourceIdentifier | undefined;
  /** The generation of the live refresh token; starts at 1. 0: this grant has no refresh token. */
  readonly generation: number;
  /** Random, part of the key of the refresh token's MAC: 16 bytes, base64url. */
  readonly salt: string;
  readonly authTime: Seconds;
  readonly createdAt: Seconds;
  /** When the live generation was minted. */
  readonly rotatedAt: Seconds;
  /** The grant is dead from here on: pushed by each rotation (idle), never past `endsAt` (absolute). G11. */
  readonly expiresAt: Seconds;
  readonly endsAt: Seconds;
  /**
   * Of the key that the refresh token of the live generation was made with; `undefined` where that was before
   * such notes were kept.
   */
  readonly keyId: number | undefined;
  /** Of the attempt it came from (Z03); left out in rows of before there were such. */
  readonly reference?: string;
  readonly standing?: Standing;
}

/** What of a grant its access tokens state, and what proves them. */
export interface TokenGrant
  extends Pick<Grant, "clientId" | "subject" | "email" | "scope" | "resource" | "salt" | "expiresAt"> {
  /** As far as it was noted: see `GrantUses`. */
  readonly usedAt: Seconds;
  readonly reference: string | undefined;
  readonly standing: Standing | undefined;
}

/** A grant as it is made. */
export interface NewGrant extends Grant {
  /** From where its first tokens are asked for; each rotation notes it anew. */
  readonly tokenAddress?: string | undefined;
}

/** A row of `user_tokens`. */
export interface AccessToken {
  readonly tokenHash: SecretHash;
  readonly email: string;
  /** The rest is `undefined` in rows the old service wrote. */
  readonly subject: Subject | undefined;
  readonly clientId: ClientId | undefined;
  readonly grantId: GrantId | undefined;
  readonly scope: string | undefined;
  readonly resource: ResourceIdentifier | undefined;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
  readonly standing?: Standing | undefined;
}

/**
 * LEGACY: a refresh token of the service before us, which knew people by address and tokens of no resource.
 */
export interface OriginalRefreshToken {
  readonly email: string;
  readonly clientId: ClientId;
  readonly createdAt: Seconds;
}

/**
 * A remembered decision (D02): identical for as long as `fingerprint` of the client's metadata stays (D15).
 */
export interface Consent {
  readonly subject: Subject;
  readonly clientId: ClientId;
  readonly redirectUri: string;
  readonly resource: ResourceIdentifier | undefined;
  readonly scope: string;
  readonly fingerprint: string;
  readonly decidedAt: Seconds;
}

/** A WebAuthn credential of somebody whose account is ours. */
export interface Passkey {
  /** The credential's id, base64url. */
  readonly id: string;
  readonly subject: Subject;
  /** The host it was made for (RP ID): at another one no browser offers it. */
  readonly rpId: string;
  /** COSE, base64url. */
  readonly publicKey: string;
  /** Of signatures, as the authenticator last said; 0: it does not count. */
  readonly counter: number;
  /** Whether it can be synchronised between devices: what it was when it was made, it stays. */
  readonly backupEligible: boolean;
  /** Whether it is synchronised. */
  readonly backedUp: boolean;
  /** What the person called it; empty: nothing. */
  readonly name: string;
  /** The person's, as the invitation gave them; the same in all of their passkeys. */
  readonly groups: readonly string[];
  readonly createdAt: Seconds;
  readonly lastUsedAt: Seconds | undefined;
}

/** Whoever holds its secret may register a passkey, once. */
export interface Invitation {
  readonly tokenHash: SecretHash;
  /** Empty in the one for the first person, who says it when registering. */
  readonly email: string;
  /** The person it makes, or whose passkeys it replaces. */
  readonly subject: Subject;
  /** Theirs at our own provider: the WebAuthn user handle, base64url of 64 random bytes. */
  readonly userHandle: string;
  /** Of the person. */
  readonly groups: readonly string[];
  /** True: the person's grants end when it is used, besides passkeys and sessions. */
  readonly endsGrants: boolean;
  readonly createdAt: Seconds;
  readonly expiresAt: Seconds;
}

/**
 * One exchange with an authenticator, or what came of it: known by its secret, a challenge, a code or a
 * cookie, and bound to one browser.
 */
export interface Ceremony {
  readonly secretHash: SecretHash;
  /** What binds it: hash of a secret that only that browser has. */
  readonly bindingHash: SecretHash;
  /**
   * `sign-in`, `enter`: a challenge for a passkey, to sign in or to look after one's own. `register`, `add`:
   * one for a new passkey, by an invitation or beside others. `proof`: the code a sign-in ends in. `visit`:
   * somebody looks after their own.
   */
  readonly purpose: "sign-in" | "enter" | "register" | "add" | "proof" | "visit";
  /** Whom it concerns, where that is known. */
  readonly subject: Subject | undefined;
  readonly expiresAt: Seconds;
}
