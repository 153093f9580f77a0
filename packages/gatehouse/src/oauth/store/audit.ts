import type { AuditRecord, SealedRecord } from "../audit-record.ts";

/** What a record has to have; what is left out does not matter. */
export interface AuditQuery {
  readonly subject?: string | undefined;
  readonly client?: string | undefined;
  readonly resource?: string | undefined;
  readonly grant?: string | undefined;
  readonly name?: string | undefined;
  readonly address?: string | undefined;
  readonly reference?: string | undefined;
  /** Milliseconds since 1970: at or after. */
  readonly since?: number | undefined;
  /** Before. */
  readonly until?: number | undefined;
}

export interface AuditPage {
  readonly records: readonly AuditRecord[];
  /** For the page behind it; `undefined`: this is the end. */
  readonly next: string | undefined;
}

/** How many records have a name in an hour. */
export interface HourOfAudit {
  readonly name: string;
  /** When it begins, milliseconds since 1970: a full hour of UTC. */
  readonly hour: number;
  readonly count: number;
}

/** An address of somebody that a record mentions, apart from it, so that it can be removed. */
export interface AuditAddress {
  readonly id: string;
  readonly chain: string;
  readonly sequence: number;
  /** Whose record it is, if it is a person's. */
  readonly subject: string | undefined;
  readonly address: string;
  /** With which the id vouches for the address, and without which it says nothing of it. */
  readonly salt: string;
}

/** Where a chain begins. */
export interface NewAuditChain {
  readonly chain: string;
  readonly instance: string;
  /** Whose MACs it has; `undefined`: it was written without a key. */
  readonly keyId: number | undefined;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
}

/** Where a chain ends so far. */
export interface AuditHead {
  /** Of the last record; 0: there is none yet. */
  readonly sequence: number;
  /** Its MAC; empty: there is none yet. */
  readonly mac: string;
  /** When it was written, milliseconds since 1970. */
  readonly time: number;
  /** Nothing follows. */
  readonly isEnded: boolean;
  /** The MAC over all of this. */
  readonly seal: string;
}

/** Up to where records were removed for their age, or for want of room. */
export interface AuditCut {
  /** Of the last one that was removed; 0: none was. */
  readonly sequence: number;
  readonly mac: string;
  readonly keyId: number | undefined;
  readonly seal: string;
}

export interface AuditChain extends NewAuditChain {
  /** All chains of a database are numbered as they are opened, from 1. */
  readonly number: number;
  readonly head: AuditHead;
  readonly cut: AuditCut;
  /** What its records take, about. */
  readonly bytes: number;
}

/** How many chains there are. */
export interface AuditRegistry {
  readonly opened: number;
  /** How many there were when somebody with a key opened one last, and the MAC over that. */
  readonly sealed: { readonly opened: number; readonly keyId: number | undefined; readonly seal: string };
  /** Up to which number chains are forgotten, because nothing is left of them. */
  readonly forgotten: { readonly upTo: number; readonly keyId: number | undefined; readonly seal: string };
}

export interface AuditBatch {
  readonly chain: string;
  /** In their order, at least one. */
  readonly records: readonly SealedRecord[];
  readonly addresses: readonly AuditAddress[];
  /** The last of them. */
  readonly head: AuditHead;
  /** Somebody waits until it is durable; otherwise it may take a few milliseconds more. */
  readonly isAwaited: boolean;
}

/** Makes the seals of what the store is about to write. Pure, and may be asked twice. */
export interface AuditSealer {
  readonly keyId: number | undefined;
  opened(count: number): string;
  cut(chain: string, sequence: number, mac: string): string;
  forgotten(upTo: number): string;
}

/** The audit trail. See {@link Store} for what holds for all operations. */
export interface AuditStore {
  /**
   * Begins a chain and gives its number: of callers at once each gets another one, without a gap. A chain
   * that is there already keeps its number. The count is sealed by whoever has a key.
   */
  openAuditChain(chain: NewAuditChain, head: AuditHead, sealer: AuditSealer): Promise<number>;
  /**
   * Adds records behind the last one of their chain, which is written by one process only. `appended` too
   * where exactly they stand there already. `strange`: there is no such chain, or it ends elsewhere, as after
   * a restore; nothing is written then.
   */
  appendAudit(batch: AuditBatch): Promise<"appended" | "strange">;
  /**
   * Records by their time, and at the same time by chain and sequence. What is written between two pages and
   * stands behind the first is seen.
   * @param page.after of the page before; what is none begins anew
   */
  findAudit(
    query: AuditQuery,
    page: {
      readonly order: "newest" | "oldest";
      readonly limit: number;
      readonly after?: string | undefined;
    },
  ): Promise<AuditPage>;
  /**
   * How many records have each of these names in each hour, from the one on in which `since` lies,
   * milliseconds since 1970. Hours in which there is none are left out.
   */
  countAudit(names: readonly string[], since: number): Promise<readonly HourOfAudit[]>;
  /** The latest records that have one of these names, the newest first; none from before a time. */
  findLatestAudit(names: readonly string[], since: number, limit: number): Promise<readonly AuditRecord[]>;
  /** Up to `limit` records of a chain behind this one, in their order, as they are stored. */
  readAuditChain(chain: string, after: number, limit: number): Promise<readonly SealedRecord[]>;
  /** Some of the records whose chain was never opened, or is gone; none as long as nobody but us writes. */
  findStrayAudit(): Promise<readonly Pick<SealedRecord, "chain" | "sequence">[]>;
  /** The addresses that records of a chain mention, behind this one and up to that one. */
  findAuditAddresses(chain: string, after: number, upTo: number): Promise<readonly AuditAddress[]>;
  /** What is known of the chains, by their number. */
  findAuditChains(): Promise<{
    readonly registry: AuditRegistry;
    readonly chains: readonly AuditChain[];
  }>;
  /**
   * Removes at most `limit` of the oldest records from before a time, milliseconds since 1970, with the
   * addresses they mention, and notes of each chain up to where. Forgets chains of which nothing is left and
   * that ended, or whose last record is from before that time, as long as all with lower numbers are
   * forgotten. Returns how many records went, and their bytes; call again while there were as many as
   * `limit`.
   */
  trimAudit(
    before: number,
    limit: number,
    sealer: AuditSealer,
  ): Promise<{ readonly records: number; readonly bytes: number }>;
}
