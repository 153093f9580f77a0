import type { AuditEventName, AuditOutcome } from "./audit-events.ts";
import type { Actor } from "./audit-record.ts";
import type { Reason } from "./reason.ts";
import type { Account } from "./records.ts";
import type { DecidingRule, TraceStep, WrittenStepName } from "./trace-step.ts";
import type { GrantId, ResourceIdentifier, Seconds } from "./values.ts";

/*
 * What the protocol needs from outside, and nothing else. The store has a file of its own (`store.ts`); the
 * adapters in `identity/`, `client-documents/`, `http/` and `telemetry/` implement these; `gatehouse.ts`
 * hands them in.
 */

export interface Clock {
  /** Now, in whole seconds since 1970. */
  now(): Seconds;
}

export interface Random {
  /** Cryptographically secure random bytes. */
  bytes(count: number): Buffer;
}

// -- readiness

/** What serving needs, in the order in which it is told. A failure of the first four keeps from serving. */
export const checkNames = ["database", "migrations", "disk", "key", "provider", "configuration"] as const;

export type CheckName = (typeof checkNames)[number];

/** How it stands with one of them; with `process` while that is stopping. */
export interface Check {
  readonly name: CheckName | "process";
  readonly state: "ok" | "warning" | "failed" | "unknown";
  /** Sentences for whoever runs the server, without secrets; not for strangers. */
  readonly details: readonly string[];
}

// -- identity

/** Where people may sign in. */
export interface IdentityProviders {
  /** In the operator's order; never empty. */
  readonly all: readonly IdentityProvider[];
  find(name: string): IdentityProvider | undefined;
}

/** An upstream identity provider: proves who a person is. */
export interface IdentityProvider {
  /** How the operator calls it, `[a-z0-9-]{1,32}`; {@link defaultProvider} is the one of the variables. */
  readonly name: string;
  /** What people call it: the text of its button. */
  readonly title: string;
  /**
   * Whose addresses it may speak for: lower case, IDN in its ASCII form. `"*"`: all that no other provider
   * names; `undefined`: all, because there is no other provider.
   */
  readonly domains: readonly string[] | "*" | undefined;
  /** It proves nothing: anybody is whoever they say. For development, on this computer alone. */
  readonly believesEverybody?: true;
  /** Path of the page, below the issuer, where its people look after how they sign in; none when left out. */
  readonly ownPage?: string;
  /**
   * Where to send the browser. The three secrets are fresh per attempt; the provider must send `state` back
   * and put `nonce` into what it proves (C01, C07, C08). Throws {@link SignInError}.
   */
  signInUrl(attempt: SignInAttempt): Promise<URL>;
  /**
   * Turns the callback's query into a proven identity, or throws {@link SignInError}. Verifies everything
   * (C07-C14). `callback` is our own callback URL with the query exactly as received.
   */
  completeSignIn(callback: URL, attempt: SignInAttempt): Promise<Identity>;
  /**
   * What a logout token says, proven to be this provider's (V52). Throws {@link SignInError}. Left out where
   * a provider sends none.
   */
  readLogoutToken?(token: string): Promise<LogoutNotice>;
  /** What such a token ends; browser sessions when left out (V54). */
  readonly logoutEnds?: "sessions" | "grants";
  /** When its people have to be confirmed again (V55); never when left out. */
  readonly revalidation?: Revalidation;
  /**
   * Who somebody is now, by the `credential` of an earlier sign-in and without them; with the credential for
   * the next time, if it is another. Throws {@link SignInError}: `access_denied` when the provider does not
   * know them any more or they may not sign in any more, anything else when it gave no usable answer. Left
   * out where a provider cannot tell.
   * @param subject whom the provider said the credential is of
   */
  confirm?(credential: string, subject: string): Promise<Identity>;
}

/** How old the provider's word on a person may be. */
export interface Revalidation {
  /** After so many seconds it is asked again before a refresh is answered. */
  readonly every: Seconds;
  /** For so many seconds from its first failure on refreshes are answered although it gives no answer. */
  readonly grace: Seconds;
}

/** A provider says that somebody signed out there (OpenID Connect Back-Channel Logout §2.4). */
export interface LogoutNotice {
  /** `jti`: the issuer gives no other notice this name. */
  readonly id: string;
  readonly issuer: string;
  /** The session there that ended; `undefined`: all of the person. At least one of the two is there. */
  readonly sid: string | undefined;
  /** Whose it was, as in {@link Identity}. */
  readonly subject: string | undefined;
  /** From here on the same token would be refused for its age. */
  readonly acceptedUntil: Seconds;
}

export interface SignInAttempt {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
  /**
   * OpenID Connect `prompt` to forward (B22): `select_account` unless the client asked for `login`; `none`
   * where the person should not be asked anything.
   */
  readonly prompt: "select_account" | "login" | "none";
  /** The address the person is expected to have there, where it chose the provider (V06, V07). */
  readonly loginHint?: string | undefined;
  /** OpenID Connect `max_age`: seconds since the person last proved who they are, there. */
  readonly maxAge?: Seconds | undefined;
}

/** The name of the provider that the environment variables describe. */
export const defaultProvider = "default";

/** Who somebody is, as a provider proved it just now. A person is (issuer, subject), never an address. */
export interface Identity {
  /** The provider's name. */
  readonly provider: string;
  readonly issuer: string;
  readonly subject: string;
  /** Proven, and of a domain that the provider may speak for; empty where it admits people without one. */
  readonly email: string;
  /** Shown, and decides nothing. */
  readonly name: string | undefined;
  /**
   * `undefined`: there are some for this person, but they could not be had, which is never the same as none.
   */
  readonly groups: readonly string[] | undefined;
  /** The session there, which the provider names when it ends (V54). */
  readonly sid?: string;
  /** When the person last proved who they are there (OpenID Connect `auth_time`), where it says so. */
  readonly authenticatedAt?: Seconds;
  /** With which the provider can be asked again later; only where the operator wants that. Never logged. */
  readonly credential?: string;
  /** Which claims decided and where they stood, in words for the trace; never what they say. */
  readonly claims?: Readonly<Record<string, string>>;
}

export const signInErrorCodes = ["access_denied", "server_error", "temporarily_unavailable"] as const;

/**
 * Why a sign-in failed, in terms of what the client is told (C18, C19). `message` is for the log, never for
 * the browser.
 */
export class SignInError extends Error {
  override readonly name = "SignInError";
  readonly code: (typeof signInErrorCodes)[number];
  /** Safe to be told to the client and its developer: English, printable ASCII. */
  readonly hint: string | undefined;
  /** What the person is told, where it is more than that they were not signed in. */
  readonly reason: Reason | undefined;
  /** Whose account it is, where the account is the reason; for the log. */
  readonly account: string | undefined;
  /** The name of whoever has that account, for their own page. */
  readonly accountName: string | undefined;
  /** Which of several causes it was, in a word or a few, for the log. */
  readonly logReason: string | undefined;
  /** How the provider calls itself, where that is the reason. */
  readonly issuerFound: string | undefined;
  /** Whether the answer is another attempt's or another provider's: then the client is told nothing. */
  readonly misdirected: boolean;
  /** Whether the provider, asked silently, has to show the person something. */
  readonly wantsPerson: boolean;

  constructor(
    code: SignInError["code"],
    message: string,
    options: {
      hint?: string;
      reason?: Reason;
      account?: string;
      accountName?: string | undefined;
      logReason?: string;
      issuerFound?: string | undefined;
      misdirected?: boolean;
      wantsPerson?: boolean;
      cause?: unknown;
    } = {},
  ) {
    super(message, { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.reason = options.reason;
    this.account = options.account;
    this.accountName = options.accountName;
    this.logReason = options.logReason;
    this.issuerFound = options.issuerFound;
    this.misdirected = options.misdirected ?? false;
    this.wantsPerson = options.wantsPerson ?? false;
  }
}

// -- access

/** Whom the rules are about: an account, as its provider described it last. */
export type Person = Pick<
  Account,
  "provider" | "issuer" | "upstreamSubject" | "subject" | "email" | "groups"
>;

/**
 * Why somebody may not. `denied`: a rule says so. `not_allowed`: none lets them in. `groups_unknown`: one
 * might, were their groups known. `no_scope`: of what is asked for they can have nothing.
 */
export type AccessRefusal = "denied" | "not_allowed" | "groups_unknown" | "no_scope";

export type AccessDecision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly reason: AccessRefusal };

/** @property scope space-delimited; empty where nothing is allowed */
export type ScopeDecision = AccessDecision & { readonly scope: string };

/** The operator's rules of who may do what, as one version of the configuration has them. Pure, and cheap. */
export interface Access {
  /** May this person sign in, and through their provider? */
  signIn(person: Person): AccessDecision;
  /** What of a scope, space-delimited, this person can have at this resource; signing in is part of it. */
  use(person: Person, resource: ResourceIdentifier | undefined, scope: string): ScopeDecision;
  /**
   * The names of the providers through which people can get to this resource, or sign in at all;
   * `undefined`: all of them.
   */
  providersFor(resource: ResourceIdentifier | undefined): readonly string[] | undefined;
  /** Which rule keeps somebody out, in the operator's words for it, for the trace; of who is let in, none. */
  decidingRule?(person: Person, resource: ResourceIdentifier | undefined): DecidingRule | undefined;
}

/** Who may use the console (Z30). Pure, and cheap: asked at each request, of the account as it is then. */
export interface Admins {
  includes(person: Person): boolean;
}

// -- client documents

/**
 * A kind of document: how long it may be, and how it is understood. What `read` throws on is not cached
 * (I12).
 */
export interface DocumentKind<T> {
  readonly name: "metadata" | "keys";
  readonly maxBytes: number;
  readonly read: (object: Record<string, unknown>, url: string) => T;
}

/**
 * Documents that clients publish about themselves: client ID metadata documents and key sets. Strangers
 * choose the URLs, so the adapter guards every fetch (CIMD §6.5, §6.6) and bounds what is cached. `requester`
 * is the address of whoever needs one. Throws {@link DocumentError}, or what `read` throws.
 */
export interface ClientDocuments {
  /**
   * As fetched not too long ago, by the answer's own word within bounds (I11). Callers at the same time share
   * one fetch (I17).
   */
  load<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T>;
  /**
   * Fetched anew, because the one at hand lacks something; at most once a minute, in between the one at hand
   * is given (Q12).
   */
  reload<T>(kind: DocumentKind<T>, url: string, requester: string): Promise<T>;
  /**
   * The copy that ships with this server, if there is one; `isNews` is true at the first use since the
   * document itself was last fetched: what goes on for hours is told once.
   */
  snapshot<T>(
    kind: DocumentKind<T>,
    url: string,
  ): { readonly value: T; readonly isNews: boolean } | undefined;
}

/**
 * Why a document could not be had. `gone`: its server answers that there is none (404, 410). `refused`: it
 * may not be asked for, its address is not public. `unavailable`: anything else. `message` is for the log,
 * never for the browser (I13).
 */
export class DocumentError extends Error {
  override readonly name = "DocumentError";
  readonly kind: "gone" | "refused" | "unavailable";

  constructor(kind: DocumentError["kind"], message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.kind = kind;
  }
}

// -- telemetry

/**
 * What happened, for the audit log (S10). Values are made harmless by the receiver; secrets never stand in an
 * event (S09).
 */
export interface Events {
  /** Told at once to the log, and within a second to the audit trail; nobody waits for that. */
  emit(event: AuditEvent): void;
  /**
   * The same, and resolves once it stands in the audit trail durably (Z16): for revocations, blocks, and
   * whatever an operator does. Throws {@link StoreUnavailableError} where that cannot be had now; it is then
   * told all the same, and tried again.
   */
  record(event: AuditEvent): Promise<void>;
}

/**
 * Remembers what happened in an attempt to authorize, step by step, for whoever runs the server (Z06). Costs
 * next to nothing, and nobody waits for it; values are made harmless by the receiver, and no secret stands in
 * one.
 */
export interface Trace {
  step(step: Omit<TraceStep, "step" | "time" | "instance"> & { readonly step: WrittenStepName }): void;
}

/** A tool that was called through the door. */
export interface AuditedToolCall {
  /** The operator's name of it. */
  readonly server: string;
  /** As the client called it. */
  readonly tool: string;
  readonly outcome: string;
  /** Of the answer; `undefined`: there was none. */
  readonly status: number | undefined;
  readonly milliseconds: number;
  /** A part of its hash. */
  readonly session: string | undefined;
  /** Those that the operator wants to see, shortened. */
  readonly arguments: Readonly<Record<string, string>> | undefined;
}

export interface AuditEvent {
  readonly name: AuditEventName;
  /** The request's reference, or that of the attempt to authorize which it belongs to. */
  readonly request: string;
  /** Who acts; left out, {@link actorOf} tells by the event's name. */
  readonly actor?: Actor | undefined;
  /** How it ended; left out, {@link outcomeOf} tells by the event's name. */
  readonly outcome?: AuditOutcome | undefined;
  readonly client?: string | undefined;
  readonly subject?: string | undefined;
  /** The name of the identity provider. */
  readonly provider?: string | undefined;
  readonly grant?: string | undefined;
  readonly resource?: string | undefined;
  /** As the request names it, without what may be a secret. */
  readonly redirectUri?: string | undefined;
  readonly scope?: string | undefined;
  /** What came of it for an app, in words: of tokens how long they live, of a registration what it may do. */
  readonly terms?: string | undefined;
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** The reference of another attempt: that the grant came from, or whose answer this browser has. */
  readonly attempt?: string | undefined;
  /**
   * The address of somebody who was turned away for what the account is; people who get in stand as
   * `subject`.
   */
  readonly account?: string | undefined;
  readonly error?: string | undefined;
  /** Which of several causes it was: a word for machines. */
  readonly reason?: string | undefined;
  /** How many, where it is about several: of refreshes, of refused requests. */
  readonly count?: number | undefined;
  /** Of `audit_head` and `backup_restored`: where chains of the audit trail ended then. */
  readonly heads?: string | undefined;
  /** Of `tool_called`. */
  readonly call?: AuditedToolCall | undefined;
  /** Free text for the operator. */
  readonly detail?: string | undefined;
  readonly cause?: unknown;
}

/**
 * Remembers who uses what they were granted, so that people can see it (Z22). Costs nothing that a request
 * would notice, and waits for nothing: the store hears of it some minutes later.
 */
export interface GrantUses {
  note(grant: GrantId, about?: GrantUseAbout): void;
}

export interface GrantUseAbout {
  /** From where the grant was asked for tokens; left out: a token of it was good. */
  readonly address?: string | undefined;
  /** The last use that the store knows of: while that is young, there is nothing to note. */
  readonly storedAt?: Seconds | undefined;
}

/**
 * Slows guessing (E16). A guess comes from an address and is aimed at a target: a client's secret, the
 * introspection token. What was wrong at one target does not count at another, so that a stranger shuts out
 * nobody but himself and whoever needs that very secret from the same address.
 */
export interface FailureLimiter {
  /**
   * Seconds until another guess at this target from this address may be looked at; 0: now. Costs next to
   * nothing while nobody guesses.
   */
  wait(address: string, target: string): number;
  /**
   * Counts a wrong guess; without a target, at something that cannot be guessed. Returns the seconds its
   * sender should wait, when that was too much for this target or for this address in all; else 0.
   */
  failed(address: string, target: string | undefined): number;
}
