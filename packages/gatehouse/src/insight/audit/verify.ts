import type { AuditBody, SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditChain, AuditRegistry, AuditStore } from "../../oauth/store/audit.ts";
import { keyName } from "../../oauth/tokens/secret-keys.ts";
import { headOf, type KnownHead, readHead, readHeads } from "./heads.ts";
import { type AuditKey, addressId, headSeal, recordMac, sealerOf } from "./seals.ts";
import { whatHappened } from "./what-happened.ts";

export type AuditFindingKind =
  | "edited"
  | "inserted"
  | "moved"
  | "missing"
  | "cut_tail"
  | "chain_missing"
  | "head_missing"
  | "seal_wrong"
  | "key_unknown";

/** Something that is not as it was written. */
export interface AuditFinding {
  readonly kind: AuditFindingKind;
  readonly chain?: string | undefined;
  /** The first record that it is about. */
  readonly sequence?: number | undefined;
  readonly text: string;
}

export interface AuditVerdict {
  /** Records that were looked at. */
  readonly records: number;
  readonly chains: number;
  readonly findings: readonly AuditFinding[];
  /** What is as it should be, and good to know. */
  readonly notes: readonly string[];
  /** Where the chains end, the one that was written last first. */
  readonly heads: readonly string[];
}

export interface VerifyOptions {
  readonly store: AuditStore;
  /** All that are known, also those that are out of use. */
  readonly keys: readonly AuditKey[];
  /** Heads that somebody kept, as the log has them. */
  readonly heads?: readonly string[];
  /** Milliseconds since 1970: what is older is believed. */
  readonly since?: number | undefined;
}

/** Records read at once. */
const pageSize = 2000;

/**
 * Holds the audit trail against its MACs (Z17, Z18): names the first record of each chain that was edited,
 * inserted, moved or removed, a chain that lost its end, and chains that are missing as a whole. Changes
 * nothing, and may run beside servers that write.
 */
export async function verifyAudit(options: VerifyOptions): Promise<AuditVerdict> {
  const verification = new Verification(options);
  await verification.run();
  return verification.verdict();
}

class Verification {
  readonly #options: VerifyOptions;
  readonly #keys: ReadonlyMap<number, AuditKey>;
  readonly #findings: AuditFinding[] = [];
  readonly #notes: string[] = [];
  readonly #unknownKeys = new Map<number, number>();
  /** Where records say that other chains ended: the furthest of each. */
  readonly #witnessed = new Map<string, KnownHead>();
  /** What restores replaced. */
  readonly #replaced: { readonly head: KnownHead; readonly time: number }[] = [];
  #chains: readonly AuditChain[] = [];
  #records = 0;
  #unsealed = 0;

  constructor(options: VerifyOptions) {
    this.#options = options;
    this.#keys = new Map(options.keys.map((key) => [key.id, key]));
  }

  async run(): Promise<void> {
    const { registry, chains } = await this.#options.store.findAuditChains();
    this.#chains = chains;
    this.#checkRegistry(registry);
    for (const chain of chains) await this.#checkChain(chain);
    for (const stray of await this.#options.store.findStrayAudit())
      this.#add("inserted", stray, `record ${nameOf(stray)} belongs to no chain that was ever opened`);
    for (const head of this.#witnessed.values()) await this.#checkWitnessed(head, registry);
    for (const text of this.#options.heads ?? []) await this.#checkHead(text, registry);
    for (const [id, count] of this.#unknownKeys) {
      const which =
        count === 0 ? "how many chains there are is" : count === 1 ? "1 chain is" : `${count} chains are`;
      this.#findings.push({
        kind: "key_unknown",
        text: `${which} sealed with the key ${keyName(id)}, which is not configured: name a file with it (--older), or nobody can tell whether they are whole`,
      });
    }
    if (this.#unsealed > 0) {
      const which = this.#unsealed === 1 ? "1 command" : `${this.#unsealed} commands`;
      this.#notes.push(
        `${which} ran without the secret key: their records are chained and not sealed, so whoever has the database could have changed them; give commands SECRET_KEY`,
      );
    }
  }

  verdict(): AuditVerdict {
    const latest = this.#chains.toSorted((one, other) => other.head.time - one.head.time);
    return {
      records: this.#records,
      chains: this.#chains.length,
      findings: this.#findings,
      notes: this.#notes,
      heads: latest.filter(({ head }) => head.sequence > 0).map(headOf),
    };
  }

  #add(kind: AuditFindingKind, where: { chain?: string; sequence?: number } | undefined, text: string): void {
    this.#findings.push({ kind, chain: where?.chain, sequence: where?.sequence, text });
  }

  /** `undefined`: it is not known here, and was told. */
  #keyOf(id: number | undefined, chains = 0): AuditKey | undefined {
    const key = id === undefined ? undefined : this.#keys.get(id);
    if (id !== undefined && key === undefined)
      this.#unknownKeys.set(id, (this.#unknownKeys.get(id) ?? 0) + chains);
    return key;
  }

  /** Every number from the first that is not forgotten has its chain. */
  #checkRegistry({ opened, sealed, forgotten }: AuditRegistry): void {
    const sealedKey = this.#keyOf(sealed.keyId);
    if (
      sealed.opened > 0 &&
      sealedKey !== undefined &&
      sealerOf(sealedKey).opened(sealed.opened) !== sealed.seal
    )
      this.#add("seal_wrong", undefined, "the number of chains was changed");
    if (sealed.opened > opened)
      this.#add("chain_missing", undefined, `${sealed.opened} chains were opened, and ${opened} are counted`);
    const forgottenKey = this.#keyOf(forgotten.keyId);
    const isForgotten = forgottenKey && sealerOf(forgottenKey).forgotten(forgotten.upTo) === forgotten.seal;
    if (forgotten.upTo > 0 && isForgotten === false)
      this.#add("seal_wrong", undefined, "chains were removed by somebody who is not the server");
    const numbers = new Set(this.#chains.map(({ number }) => number));
    const last = Math.max(opened, sealed.opened);
    for (let number = forgotten.upTo + 1; number <= last; number++) {
      if (!numbers.has(number))
        this.#add("chain_missing", undefined, `chain number ${number} is missing as a whole`);
    }
  }

  async #checkChain(chain: AuditChain): Promise<void> {
    const { store, since = 0 } = this.#options;
    const key = this.#keyOf(chain.keyId, 1);
    if (chain.keyId !== undefined && key === undefined) return;
    if (key === undefined) this.#unsealed++;
    if (headSeal(key, chain, chain.head) !== chain.head.seal)
      return this.#add("seal_wrong", chain, `where chain ${chain.chain} begins or ends was changed`);
    if (!this.#isCutHonestly(chain)) return;
    if (chain.head.time < since) return;
    let last: Pick<SealedRecord, "sequence" | "mac"> = chain.cut;
    let end = chain.head.sequence;
    // In a chain time never goes back: what says that it is older than one before it was made to say so.
    let isOld = true;
    for (;;) {
      const page = await store.readAuditChain(chain.chain, last.sequence, pageSize);
      for (const [at, record] of page.entries()) {
        if (record.sequence > end) end = await this.#endOf(chain);
        if (record.sequence > end)
          return this.#add("inserted", record, `record ${nameOf(record)} stands behind the end of its chain`);
        isOld &&= record.time < since;
        const follows = record.sequence === last.sequence + 1;
        if (!follows || (!isOld && recordMac(key, last.mac, record) !== record.mac)) {
          const { kind, text, sequence } = await whatHappened(store, key, last, [record, page[at + 1]]);
          return this.#add(kind, { chain: chain.chain, sequence }, text);
        }
        if (!this.#isReadable(chain, key, record)) return;
        if (!isOld) this.#records++;
        last = record;
      }
      if (!(await this.#addressesHold(chain, key, page))) return;
      if (page.length < pageSize) break;
    }
    if (last.sequence === chain.head.sequence && last.mac !== chain.head.mac)
      return this.#add(
        "edited",
        { chain: chain.chain, sequence: last.sequence },
        `record ${chain.chain}-${last.sequence} is not the end of its chain`,
      );
    if (last.sequence < chain.head.sequence) {
      const first = last.sequence + 1;
      const which =
        first === chain.head.sequence ? `record ${first}` : `records ${first} to ${chain.head.sequence}`;
      this.#add(
        "cut_tail",
        { chain: chain.chain, sequence: first },
        `chain ${chain.chain} lost its end: ${which}`,
      );
    }
  }

  #isCutHonestly({ chain, cut }: AuditChain): boolean {
    if (cut.sequence === 0) return true;
    const key = this.#keyOf(cut.keyId);
    if (cut.keyId !== undefined && key === undefined) return false;
    if (key !== undefined && sealerOf(key).cut(chain, cut.sequence, cut.mac) === cut.seal) return true;
    const text = `the beginning of chain ${chain}, up to record ${cut.sequence}, was removed by somebody who is not the server`;
    this.#add("missing", { chain, sequence: 1 }, text);
    return false;
  }

  /** Where a chain ends by now: servers write meanwhile. */
  async #endOf({ chain }: AuditChain): Promise<number> {
    const { chains } = await this.#options.store.findAuditChains();
    return chains.find((each) => each.chain === chain)?.head.sequence ?? 0;
  }

  /** Notes what a record says of other chains. Without a key only commands' acts are to be believed. */
  #isReadable({ chain }: AuditChain, key: AuditKey | undefined, record: SealedRecord): boolean {
    if (key !== undefined && record.name !== "audit_head" && record.name !== "backup_restored") return true;
    const { actor, facts } = JSON.parse(record.body) as AuditBody;
    if (key === undefined) {
      if (actor.kind === "operator") return true;
      const text = `record ${nameOf(record)} is none of a command's, and chain ${chain} has no key: a server would have sealed it`;
      this.#add("inserted", record, text);
      return false;
    }
    const heads = readHeads(String(facts.heads ?? ""));
    if (record.name === "backup_restored")
      this.#replaced.push(...heads.map((head) => ({ head, time: record.time })));
    else {
      for (const head of heads) {
        const before = this.#witnessed.get(head.chain);
        if (before === undefined || before.sequence < head.sequence) this.#witnessed.set(head.chain, head);
      }
    }
    return true;
  }

  async #addressesHold(
    { chain }: AuditChain,
    key: AuditKey | undefined,
    page: readonly SealedRecord[],
  ): Promise<boolean> {
    const [first, last] = [page[0], page.at(-1)];
    if (first === undefined || last === undefined) return true;
    const addresses = await this.#options.store.findAuditAddresses(chain, first.sequence - 1, last.sequence);
    const wrong = addresses.find((each) => addressId(key, each) !== each.id);
    if (wrong !== undefined)
      this.#add("edited", wrong, `the address that record ${nameOf(wrong)} mentions was edited`);
    return wrong === undefined;
  }

  async #standing({ chain, sequence, mac }: KnownHead) {
    const known = this.#chains.find((each) => each.chain === chain);
    if (known === undefined) return "unknown";
    if (sequence < known.cut.sequence) return "trimmed";
    if (sequence === known.cut.sequence) return mac === known.cut.mac ? "trimmed" : "another";
    const [record] = await this.#options.store.readAuditChain(chain, sequence - 1, 1);
    if (record?.sequence !== sequence) return "unknown";
    return record.mac === mac ? "there" : "another";
  }

  /** Another chain's record says that this was its end once. */
  async #checkWitnessed(head: KnownHead, { forgotten }: AuditRegistry): Promise<void> {
    if (head.number <= forgotten.upTo) return;
    const standing = await this.#standing(head);
    if (standing === "there" || standing === "trimmed") return;
    // Told already, and more exactly.
    if (this.#findings.some(({ chain }) => chain === head.chain)) return;
    if (standing === "another")
      return this.#add("edited", head, `record ${nameOf(head)} is another one than another chain noted`);
    const isThere = this.#chains.some(({ chain }) => chain === head.chain);
    if (isThere)
      this.#add(
        "cut_tail",
        head,
        `chain ${head.chain} lost its end: another chain noted record ${head.sequence}`,
      );
    else
      this.#add("chain_missing", head, `chain ${head.chain} is missing as a whole: another chain noted it`);
  }

  async #checkHead(text: string, { forgotten }: AuditRegistry): Promise<void> {
    const head = readHead(text);
    if (head === undefined) return this.#add("head_missing", undefined, `${JSON.stringify(text)} is no head`);
    const standing = await this.#standing(head);
    if (standing === "there") return void this.#notes.push(`the head ${text} is there`);
    if (standing === "trimmed" || head.number <= forgotten.upTo)
      return void this.#notes.push(`the head ${text} is older than what is kept`);
    const restore = this.#replaced.find(
      ({ head: replaced }) => replaced.chain === head.chain && replaced.sequence >= head.sequence,
    );
    if (restore !== undefined) {
      const when = new Date(restore.time).toISOString();
      this.#notes.push(`the head ${text} was in the database that gatehouse restore replaced at ${when}`);
      return;
    }
    const why =
      standing === "another"
        ? `record ${nameOf(head)} is another one than it was: it was rewritten by somebody who has the secret key, or put back`
        : `record ${nameOf(head)} is not there: the database was rolled back to an earlier state, or lost its end`;
    this.#add("head_missing", head, why);
  }
}

const nameOf = ({ chain, sequence }: { readonly chain: string; readonly sequence: number }) =>
  `${chain}-${sequence}`;
