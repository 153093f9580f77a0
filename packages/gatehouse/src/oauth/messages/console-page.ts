import type { AuditRecord } from "../audit-record.ts";
import type { Check } from "../ports.ts";
import type { InvitationProblem, ProvisioningProblem } from "../reason.ts";
import type {
  Client,
  Declared,
  Invitation,
  KnownAccount,
  Resource,
  ResourceClaim,
  TokenEndpointAuthMethod,
} from "../records.ts";
import type { Inventory } from "../store/listing.ts";
import type { TraceSummary } from "../store/traces.ts";
import type { AttemptState, TraceStep } from "../trace-step.ts";
import type { ConnectedApp, ShownAccount } from "./page.ts";

/*
 * What the console shows, as plain data: one kind of page with a frame, and what stands in it. Only
 * `pages/console/` reads it. Instants are seconds since 1970.
 */

export interface ConsolePage {
  readonly kind: "console";
  /** Path of the console, without a slash at its end. */
  readonly at: string;
  /** Path of the home page. */
  readonly home: string;
  /** Who looks at it. */
  readonly account: ShownAccount;
  /** The value that every form of the console carries. */
  readonly csrf: string;
  readonly view: ConsoleView;
}

export type ConsoleView =
  | OverviewView
  | PeopleView
  | PersonView
  | InvitationsView
  | InvitationFormView
  | InvitedView
  | GrantsView
  | GrantView
  | ServersView
  | ServerFormView
  | ServerView
  | ClientsView
  | ClientFormView
  | ClientView
  | AccessView
  | FlowsView
  | FlowView
  | AuditView
  | SecretView
  | QuestionView
  | AgainView
  | MissingView;

export interface OverviewView {
  readonly kind: "overview";
  readonly version: string;
  readonly inventory: Inventory;
  readonly checks: readonly Check[];
  /** Of the last 24 hours, an hour each, the latest last. */
  readonly charts: readonly {
    readonly name: "signIns" | "consents" | "refusals";
    readonly hours: readonly number[];
  }[];
  /** When the first of those hours begins. */
  readonly since: number;
  /** What failed lately, the newest first. */
  readonly failures: readonly AuditRecord[];
}

/** Attempts to authorize of which steps are kept, by their latest step. */
export interface FlowsView extends Paged {
  readonly kind: "flows";
  readonly client: string | undefined;
  readonly subject: string | undefined;
  readonly notFound: string | undefined;
  readonly flows: readonly (TraceSummary & { readonly state: AttemptState })[];
}

/** What happened in one of them, in its order. */
export interface FlowView {
  readonly kind: "flow";
  readonly reference: string;
  /** What it came to, where that is more than what its steps say. */
  readonly conclusion: Explained | undefined;
  readonly steps: readonly (Partial<Explained> & { readonly entry: TraceStep | AuditRecord })[];
}

/** For whoever runs the server: what something means, and what to do about it. In English. */
export interface Explained {
  readonly means: string;
  readonly mend: string | undefined;
}

/** The audit trail, as far as it was asked for. */
export interface AuditView extends Paged {
  readonly kind: "audit";
  /** As they were typed. */
  readonly asked: Readonly<Record<AuditField, string>>;
  readonly names: readonly string[];
  readonly records: readonly AuditRecord[];
  /** The person was looked for by an address that nobody has, or a day is none. */
  readonly wrong: AuditField | undefined;
}

/** What can be looked for; `person`: an address, or a subject. */
export const auditFields = [
  "name",
  "person",
  "client",
  "resource",
  "grant",
  "reference",
  "address",
  "since",
  "until",
] as const;
export type AuditField = (typeof auditFields)[number];

/** A part of a long list: the path, with a query, of the next one. */
interface Paged {
  readonly next: string | undefined;
  /** Whether this is the beginning of the list. */
  readonly isFirst: boolean;
}

export interface PeopleView extends Paged {
  readonly kind: "people";
  /** What addresses shall begin with; empty: nothing was looked for. */
  readonly search: string;
  readonly blocked: boolean;
  /** Whether there are accounts of this server, to which people are invited. */
  readonly invites: boolean;
  readonly people: readonly KnownAccount[];
}

/** What of an invitation is shown: nothing that opens it. */
export type ShownInvitation = Pick<Invitation, "email" | "groups" | "endsGrants" | "expiresAt">;

/** Invitations that are open. */
export interface InvitationsView extends Paged {
  readonly kind: "invitations";
  readonly action: string;
  readonly invitations: readonly ShownInvitation[];
}

export interface InvitationFormView {
  readonly kind: "invitation-form";
  readonly action: string;
  readonly entries: InvitationEntries;
  /** What the mail can be written in; `undefined`: none is sent, and the link is shown. */
  readonly languages: readonly string[] | undefined;
  readonly problem: { readonly key: InvitationProblem; readonly about: string | undefined } | undefined;
}

/** What is entered in the form of an invitation, as it was typed. */
export interface InvitationEntries {
  readonly email: string;
  /** With commas between. */
  readonly groups: string;
  readonly lifetime: InvitationLifetime;
  readonly language: string;
  /** Whether the apps of somebody who has an account end when they use it. */
  readonly endsGrants: boolean;
}

/** How long an invitation is good, as the form offers it. */
export const invitationLifetimes = ["1h", "24h", "72h", "7d", "30d"] as const;
export type InvitationLifetime = (typeof invitationLifetimes)[number];

/** An invitation that was just made: its link is shown never again. */
export interface InvitedView {
  readonly kind: "invited";
  readonly email: string;
  /** `undefined`: it was mailed. */
  readonly link: string | undefined;
  readonly expiresAt: number;
  /** What of somebody who has an account ends with it: passkeys and sessions, or their apps too. */
  readonly replaces: "passkeys" | "everything" | undefined;
}

export interface PersonView {
  readonly kind: "person";
  readonly person: KnownAccount;
  /** The title of the provider they signed in with last; `undefined`: it is not configured any more. */
  readonly provider: string | undefined;
  readonly sessions: number;
  /** The newest first, and how many there are in all. */
  readonly apps: readonly ConnectedApp[];
  readonly count: number;
  readonly passkeys: readonly {
    readonly name: string;
    readonly createdAt: number;
    readonly lastUsedAt: number | undefined;
  }[];
}

export interface GrantsView extends Paged {
  readonly kind: "grants";
  /** Whose alone are shown, or for which server. */
  readonly client: string | undefined;
  readonly resource: string | undefined;
  readonly grants: readonly {
    readonly id: string;
    readonly client: string;
    readonly subject: string;
    readonly email: string;
    readonly resource: string | undefined;
    readonly createdAt: number;
  }[];
}

export interface GrantView {
  readonly kind: "grant";
  readonly subject: string;
  readonly email: string;
  readonly reference: string | undefined;
  readonly app: ConnectedApp;
}

export interface ServersView {
  readonly kind: "servers";
  /** Each with its short id. */
  readonly servers: readonly (Resource & { readonly id: string })[];
}

/** Why what was entered is refused, with the part that is wrong. */
export interface ShownProblem {
  readonly key: ProvisioningProblem;
  readonly about: string | undefined;
}

export interface ServerFormView {
  readonly kind: "server-form";
  readonly isNew: boolean;
  readonly action: string;
  readonly entries: {
    readonly identifier: string;
    readonly name: string;
    readonly scopes: string;
    readonly defaults: string;
    readonly optionals: string;
    readonly claims: readonly ResourceClaim[];
  };
  readonly problem: ShownProblem | undefined;
  /** Path below the console. */
  readonly back: string;
}

export interface ServerView {
  readonly kind: "server";
  readonly id: string;
  readonly createdAt: number;
  readonly declared: Declared | undefined;
  /** Until when the credential before the last one is good. */
  readonly previousUntil: number | undefined;
  readonly form: ServerFormView;
}

/** A client as it is shown: nothing of its secrets. */
export type ShownClient = Omit<Client, "secretHash" | "clearSecret" | "previousSecret" | "keys">;

export interface ClientsView extends Paged {
  readonly kind: "clients";
  /** Only those that the operator provisioned. */
  readonly provisioned: boolean;
  /** The identifier that was looked for, and is none's. */
  readonly notFound: string | undefined;
  readonly clients: readonly ShownClient[];
}

interface ClientEntries {
  readonly id: string;
  readonly name: string;
  readonly redirectUris: string;
  readonly authMethod: TokenEndpointAuthMethod;
}

export interface ClientFormView {
  readonly kind: "client-form";
  readonly action: string;
  readonly entries: ClientEntries;
  readonly methods: readonly TokenEndpointAuthMethod[];
  readonly problem: ShownProblem | undefined;
}

export interface ClientView {
  readonly kind: "client";
  readonly client: ShownClient;
  readonly origin: "declared" | "operator" | "document" | "registered";
  readonly previousUntil: number | undefined;
  readonly mayRotate: boolean;
  /** `given`: it may be that it registered itself, and somebody vouched for it. */
  readonly vouching: "given" | "possible" | undefined;
  /** Stands for what it says of itself here, which is what is vouched for. */
  readonly seen: string;
  /** `undefined`: only it, or a file, says what it is. */
  readonly form: { readonly action: string; readonly entries: ClientEntries } | undefined;
  readonly problem: ShownProblem | undefined;
}

/** Whether somebody may use an MCP server, by the rules in force: what was asked, and the answer. */
export interface AccessView {
  readonly kind: "access";
  readonly asked: AccessQuestion;
  readonly servers: readonly Pick<Resource, "identifier" | "name">[];
  /** `undefined`: nothing was asked. `nothing`: why it cannot be told. */
  readonly answer: AccessAnswer | { readonly nothing: string } | undefined;
}

/** As it was typed. */
export interface AccessQuestion {
  /** An address, or a subject. */
  readonly person: string;
  /** A URL, or a short id. */
  readonly resource: string;
  /** With spaces between; empty: what whoever asks for none gets. */
  readonly scope: string;
}

/** What the rules come to for somebody, in the words of `gatehouse access test`: in English. */
export interface AccessAnswer {
  readonly person: KnownAccount;
  readonly resource: string;
  readonly asked: string;
  readonly groups: string;
  /** About signing in, and about the MCP server. `none`: what holds where there are no rules. */
  readonly rules: readonly {
    readonly about: string;
    readonly none: string | undefined;
    readonly outcomes: readonly {
      readonly outcome: string;
      readonly effect: string;
      readonly whom: string;
      readonly rule: string;
    }[];
  }[];
  readonly allowed: boolean;
  readonly verdict: readonly string[];
  /** How soon a change would take effect. */
  readonly bounds: string;
}

/** What was just made, and is shown never again. */
export interface SecretView {
  readonly kind: "secret";
  /** Of a server, or of a client. */
  readonly what: "credential" | "secret";
  readonly of: string;
  /** What it is used with. */
  readonly id: string;
  readonly secret: string;
  /** Until when the one before stays good; `undefined`: there is none any more. */
  readonly until: number | undefined;
  /** Path below the console. */
  readonly back: string;
}

/** What is asked before something ends for good. */
export interface QuestionView {
  readonly kind: "question";
  readonly act: QuestionedAct;
  /** Whom or what it is about. */
  readonly about: string;
  /** What it would end. */
  readonly sessions?: number;
  readonly grants: number;
  /** Path that the form posts to, and its fields. */
  readonly action: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Path back. */
  readonly back: string;
}

export type QuestionedAct =
  | "invite_again"
  | "block"
  | "remove_person"
  | "disconnect_all"
  | "release"
  | "revoke"
  | "remove_server"
  | "remove_client";

/** The person has to show that it is still them. */
export interface AgainView {
  readonly kind: "again";
  /** At their provider. */
  readonly href: string;
  /** How many seconds ago that may have been at most. */
  readonly within: number;
  /** When it was last, as the provider says; `undefined`: it is not known. */
  readonly provenAt: number | undefined;
  /** Whether something was to be done, which has not been done. */
  readonly isAct: boolean;
}

/** There is no such person, grant, client or server any more. */
export interface MissingView {
  readonly kind: "missing";
}
