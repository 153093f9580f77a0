/** The clients that are known by name (`clients/known-clients.ts`); each has words of its own on a page. */
export type KnownClientName =
  | "Codex"
  | "Claude Code"
  | "Claude"
  | "ChatGPT"
  | "Visual Studio Code"
  | "Cursor"
  | "MCP Inspector"
  | "Gemini CLI"
  | "mcp-remote"
  | "OpenCode";

/**
 * Why a person cannot go on, and what their page names besides: never a sentence. `pages/words.ts` says each
 * in the person's language; a reason without its sentence there does not compile.
 */
export interface ReasonDetails {
  /** The store cannot answer for the moment. */
  readonly unavailable: None;
  /** Somebody else holds it. */
  readonly storeBusy: None;
  /** It cannot be reached. */
  readonly storeUnreachable: None;
  /** It has no room left. */
  readonly storeFull: None;
  /** A failure of this server, at one of its endpoints. */
  readonly failed: None;
  /** Another failure of this server: nothing is known of what happened before it. */
  readonly brokeOff: None;
  /** `seconds`: after so many the browser tries again by itself. */
  readonly tooManyAttempts: { readonly seconds: number | undefined };
  /** A request no page has better words for. */
  readonly unusableRequest: None;
  /**
   * A registration that does not exist here (any more). `apps`: those that the app may be, none or several.
   */
  readonly unknownApp: { readonly apps: readonly Reset[] };
  /** The same, of an app that is known for certain. */
  readonly forgottenApp: { readonly app: Reset };
  /** Whoever runs this server does not accept apps that this host publishes. */
  readonly refusedApp: { readonly host: string };
  /** The document that describes an app is faulty. `app`: its name, where that is certain. */
  readonly faultyDocument: { readonly app: KnownClientName | undefined; readonly host: string };
  /** The document that describes an app cannot be fetched. */
  readonly missingDocument: { readonly app: KnownClientName | undefined; readonly host: string };
  /** The app wants the answer at an address it never registered. `app`: its name, where that is certain. */
  readonly unknownRedirect: { readonly app: KnownClientName | undefined; readonly uri: string | undefined };
  /** The same, of an app that whoever runs this server set up: only they can add an address. */
  readonly provisionedRedirect: { readonly uri: string };
  /** The app asks for an MCP server that is not set up here. `known`: one with nearly its address. */
  readonly unknownResource: { readonly asked: string | undefined; readonly known: string | undefined };
  /** `prompt=none`, and nobody is signed in. */
  readonly nobodySignedIn: None;
  /** `prompt=none`, and the person has not approved. */
  readonly notApproved: None;
  readonly notSignedIn: None;
  /** The identity provider cannot be reached, or says that it cannot answer. */
  readonly providerUnreachable: None;
  /** Its clock and ours differ by so many seconds; negative: its clock is behind. */
  readonly providerClock: { readonly seconds: number };
  /** What it sent is not signed with a key of it. */
  readonly providerUnproven: None;
  /** It does not take this server's own credentials. */
  readonly providerRefusesUs: None;
  /** It gave another answer that cannot be used. */
  readonly providerAnswer: None;
  /** The person stopped there. `app`: its name, where that is certain. */
  readonly cancelled: { readonly provider: string | undefined; readonly app: KnownClientName | undefined };
  /** It said that it does not let the person in. */
  readonly turnedAway: { readonly provider: string | undefined; readonly app: KnownClientName | undefined };
  /** Accounts of the organisation that the person signed in with may not. `domains`: whose may, if told. */
  readonly foreignAccount: { readonly email: string; readonly domains: readonly string[] };
  /** Whoever runs this server has blocked the person. */
  readonly blockedPerson: None;
  /** The identity provider gave no e-mail address for the account. */
  readonly noAddress: None;
  /** The identity provider does not vouch for the account's e-mail address. */
  readonly unverifiedAddress: { readonly email: string | undefined };
  /** The person did not allow the identity provider to tell their address. */
  readonly untickedAddress: None;
  /** Nor which organisations they are in. */
  readonly untickedOrganisations: None;
  readonly untickedAddressAndOrganisations: None;
  /** Only members of certain organisations may sign in, and the account is in none of them. */
  readonly notMember: None;
  /** The identity provider would not say whether it is. */
  readonly unknownMembership: None;
  /** Used, expired, replaced, opened in another browser, or never there: nobody is told which. */
  readonly invitationOver: None;
  /** The rules of whoever runs this server do not let the account sign in. */
  readonly accountNotAllowed: None;
  /** They let it sign in, and not use what was asked for. */
  readonly resourceNotAllowed: None;
  /** They let it use that, and do nothing of what the app asks for. */
  readonly scopeNotAllowed: None;
  /** Whether they would let it depends on its groups, which could not be had. */
  readonly groupsUnknown: None;
  /** The account's address belongs to another person here. */
  readonly addressTaken: None;
  /** Answered already, expired, or opened in another browser. */
  readonly pageOver: None;
  /** The sign-in was begun so long ago; it is good for `limit` seconds. */
  readonly attemptExpired: { readonly seconds: number; readonly limit: number };
  /** Answered before, in this browser. */
  readonly alreadyAnswered: None;
  /** Begun in another browser. */
  readonly otherBrowser: None;
  /** The browser brings none of our cookies. `host`: whose it should allow. */
  readonly noCookie: { readonly host: string };
  readonly damagedLink: None;
  /** What answers this computer only was asked for by another one. */
  readonly anotherComputer: None;
  readonly nothingHere: None;
  /** The same, of somebody who came by another address than the server's own. */
  readonly wrongAddress: { readonly ours: string; readonly theirs: string };
  readonly wrongMethod: None;
  readonly tooLarge: None;
  readonly linkTooLong: None;
  readonly unreadableForm: None;
}

export type Reason = { [K in ReasonKey]: ReasonOf<K> }[ReasonKey];
export type ReasonKey = keyof ReasonDetails;
export type ReasonOf<K extends ReasonKey> = { readonly key: K } & ReasonDetails[K];
type None = Readonly<Record<never, never>>;

/** An app that is to forget its registration, and what has to be typed for it, if anything. */
export interface Reset {
  readonly name: KnownClientName;
  readonly command: string | undefined;
}

/** Why something an operator wants is refused. What was written wrongly stands in `about`. */
export type ProvisioningProblem =
  | "malformed_identifier"
  | "malformed_scope"
  | "scope_twice"
  | "no_such_scope"
  | "default_and_optional"
  | "unknown_claim"
  | "malformed_id"
  | "malformed_redirect"
  | "no_redirect"
  | "taken"
  | "unknown"
  | "declared"
  | "registered_itself"
  | "known_by_document"
  | "holds_own_secret"
  | "no_secret"
  | "secret_of_its_own"
  | "changed_meanwhile"
  | "not_as_seen"
  | "provisioned";

/**
 * Why an invitation that an operator wants is refused. `off`: there are no accounts of this server any more.
 * `foreign`, `held`: the address, or its domain, is another provider's.
 */
export type InvitationProblem =
  | "off"
  | "malformed"
  | "groups"
  | "foreign"
  | "held"
  | "blocked"
  | "not_mailed";
