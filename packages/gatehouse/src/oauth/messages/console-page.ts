import type { Check } from "../ports.ts";
import type { KnownAccount } from "../records.ts";
import type { Inventory } from "../store/listing.ts";
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

export type ConsoleView = OverviewView | PeopleView | PersonView | QuestionView | AgainView | MissingView;

export interface OverviewView {
  readonly kind: "overview";
  readonly version: string;
  readonly inventory: Inventory;
  readonly checks: readonly Check[];
}

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
  readonly people: readonly KnownAccount[];
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

export type QuestionedAct = "block" | "remove_person" | "disconnect_all";

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
