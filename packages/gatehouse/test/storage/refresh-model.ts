import assert from "node:assert/strict";
import type { Grant } from "../../src/oauth/records.ts";
import type { ReplayPolicy, Rotation } from "../../src/oauth/store/grants.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import { aRotation, later, now, strict, times } from "../contract/records.ts";
import type { StoreUnderTest } from "../contract/store-under-test.ts";
import type { TestDatabase } from "../support/database.ts";

/*
 * The rules of rotation a second time, told from a grant's whole history instead of a row, and random
 * histories to compare a store with them: rotations, lost answers, late presentations, backups restored,
 * thieves.
 */

/** So many generations back a store remembers that one was skipped. */
const remembered = 64;

/** What becomes of the refresh tokens of one grant. */
export class GrantModel {
  live = 1;
  mintedAt = now;
  /** When each generation that was presented was presented first, as far as the database knows. */
  readonly used = new Map<number, Seconds>();
  readonly skipped = new Set<number>();

  present(generation: number, at: Seconds, { window, generations, late }: ReplayPolicy): Rotation {
    if (generation > this.live) {
      this.used.clear();
      this.skipped.clear();
      return this.#moveTo(generation + 1, generation, at, "fast_forwarded");
    }
    if (generation === this.live) return this.#moveTo(generation + 1, generation, at, "rotated");
    if (this.live - generation > remembered) return { outcome: "reused", reason: "superseded" };
    if (this.skipped.has(generation)) return { outcome: "reused", reason: "skipped" };
    const firstUsed = this.used.get(generation);
    if (firstUsed === undefined) return { outcome: "reused", reason: "superseded" };
    const usedSince = [...this.used.keys()].filter((other) => other > generation).length;
    const answeredAt = usedSince === 0 ? this.mintedAt : firstUsed;
    if (usedSince < generations && at - answeredAt < window) {
      return { outcome: "replayed", generation: this.live };
    }
    if (usedSince > 0 || at - firstUsed >= late) return { outcome: "reused", reason: "superseded" };
    this.skipped.add(this.live);
    this.live++;
    this.mintedAt = at;
    return { outcome: "skipped_ahead", generation: this.live };
  }

  #moveTo(live: number, used: number, at: Seconds, outcome: "rotated" | "fast_forwarded"): Rotation {
    this.used.set(used, at);
    this.live = live;
    this.mintedAt = at;
    return { outcome, generation: live };
  }

  copy(): GrantModel {
    const copy = new GrantModel();
    copy.live = this.live;
    copy.mintedAt = this.mintedAt;
    for (const [generation, at] of this.used) copy.used.set(generation, at);
    for (const generation of this.skipped) copy.skipped.add(generation);
    return copy;
  }
}

/** Whole numbers below `limit`, the same for the same seed (mulberry32). */
export type Dice = (limit: number) => number;
export function diceOf(seed: number): Dice {
  let state = seed;
  return (limit) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** A grant in a store and in the model, whose answers have to be the same. */
class Comparison {
  readonly #tested: StoreUnderTest;
  readonly #database: TestDatabase;
  readonly #grant: Grant;
  readonly #policy: ReplayPolicy;
  readonly #told: string[] = [];
  #model = new GrantModel();
  #at = now;

  private constructor(tested: StoreUnderTest, database: TestDatabase, grant: Grant, policy: ReplayPolicy) {
    this.#tested = tested;
    this.#database = database;
    this.#grant = grant;
    this.#policy = policy;
  }

  static async begin(
    tested: StoreUnderTest,
    database: TestDatabase,
    policy: ReplayPolicy,
  ): Promise<Comparison> {
    const { grant } = await tested.aLiveGrant({ expiresAt: later(1e8), endsAt: later(1e8) });
    return new Comparison(tested, database, grant, policy);
  }

  get at(): Seconds {
    return this.#at;
  }

  get live(): number {
    return this.#model.live;
  }

  /** All that happened, for whoever has to find out why it failed. */
  get story(): string {
    return this.#told.join("\n");
  }

  sleep(by: number): void {
    this.#at = seconds(this.#at + by);
  }

  /** So many present it at the same moment. @returns what the first of them got */
  async present(who: string, generation: number, callers = 1): Promise<Rotation> {
    const expected = times(callers, () => this.#model.present(generation, this.#at, this.#policy));
    this.#told.push(
      `+${this.#at - now} s: ${callers} × ${who} presents ${generation}: ${JSON.stringify(expected)}`,
    );
    const answers = await Promise.all(
      times(callers, () =>
        this.#tested.store.rotateGrant(
          aRotation(this.#grant, generation, {
            now: this.#at,
            replay: this.#policy,
            expiresAt: this.#grant.expiresAt,
          }),
        ),
      ),
    );
    assert.deepEqual(inAnyOrder(answers), inAnyOrder(expected), this.story);
    const found = await this.#tested.store.findGrant(this.#grant.id, this.#at);
    assert.equal(found?.generation, this.#model.live, this.story);
    return expected[0] ?? assert.fail();
  }

  /** @returns what brings this moment's database back */
  async backUp(): Promise<() => Promise<void>> {
    const model = this.#model.copy();
    const restore = await this.#database.backUpGrants();
    this.#told.push(`+${this.#at - now} s: a backup at generation ${model.live}`);
    return async () => {
      this.#told.push(`+${this.#at - now} s: restored, from ${this.#model.live} to ${model.live}`);
      this.#model = model.copy();
      await restore();
    };
  }

  async end(): Promise<void> {
    assert.equal(await this.#tested.store.revokeGrant(this.#grant.id), true);
    const rotation = await this.#tested.present(this.#grant, this.#model.live, this.#at);
    assert.deepEqual(rotation, { outcome: "gone" });
  }
}

const inAnyOrder = (answers: readonly Rotation[]) =>
  answers.map((answer) => JSON.stringify(answer)).toSorted();
const generationOf = (answer: Rotation) => ("generation" in answer ? answer.generation : undefined);

/**
 * One grant's random history with an owner, programs of the owner that keep old tokens, and a thief. It goes
 * on when somebody is found out, with a new copy for that one, since a store that says so changes nothing.
 * @returns how often each outcome was seen
 */
export async function randomHistory(
  tested: StoreUnderTest,
  database: TestDatabase,
  seed: number,
  steps: number,
) {
  const dice = diceOf(seed);
  const policy = {
    window: seconds([0, 60, 60, 300][dice(4)] ?? 0),
    generations: [1, 1, 4, 16][dice(4)] ?? 1,
    late: seconds([0, 900, 900, 86_400][dice(4)] ?? 0),
  };
  const grant = await Comparison.begin(tested, database, policy);
  const holders = { owner: 1, program: 1, thief: 1 };
  const seen: Partial<Record<Rotation["outcome"], number>> = {};
  let restore: (() => Promise<void>) | undefined;
  for (let step = 0; step < steps; step++) {
    grant.sleep([0, 0, dice(60), 60 + dice(240), dice(1200)][dice(5)] ?? 0);
    const chance = dice(20);
    if (chance === 0 || restore === undefined) restore = await grant.backUp();
    else if (chance < 3) await restore();
    else if (chance === 3) holders.thief = holders.owner;
    else if (chance < 6) holders.program = holders.owner;
    else {
      const who = (["owner", "owner", "owner", "owner", "program", "thief"] as const)[dice(6)] ?? "owner";
      const answer = await grant.present(who, holders[who], dice(8) === 0 ? 5 : 1);
      seen[answer.outcome] = (seen[answer.outcome] ?? 0) + 1;
      if (answer.outcome === "reused") holders[who] = grant.live;
      else if (dice(3) > 0) holders[who] = generationOf(answer) ?? holders[who]; // else the answer is lost
    }
  }
  await grant.end();
  return seen;
}

/**
 * An owner alone, whatever the network, the lid of the laptop and the database do: answered at each attempt.
 */
export async function honestHistory(
  tested: StoreUnderTest,
  database: TestDatabase,
  seed: number,
  steps: number,
) {
  const dice = diceOf(seed);
  const late = seconds(604_800);
  const grant = await Comparison.begin(tested, database, { ...strict, late });
  let holds = 1;
  let firstUsed: number | undefined;
  let restore: (() => Promise<void>) | undefined;
  for (let step = 0; step < steps; step++) {
    grant.sleep([0, dice(60), dice(3600), dice(100_000)][dice(4)] ?? 0);
    const chance = dice(12);
    if (chance === 0) restore = await grant.backUp();
    else if (chance === 1) await restore?.();
    else {
      firstUsed ??= grant.at;
      const answer = await grant.present("owner", holds, 1 + dice(2));
      assert.notEqual(generationOf(answer), undefined, `signed out\n${grant.story}`);
      const mustArrive = grant.at - firstUsed > late - 100_000;
      if (dice(2) === 0 && !mustArrive) continue;
      holds = generationOf(answer) ?? holds;
      firstUsed = undefined;
    }
    // As long as it may sleep at once, so that the next attempt is not too late.
    if (firstUsed !== undefined && grant.at - firstUsed > late - 100_000) break;
  }
  await grant.end();
}

/**
 * Two who hold one token and come one after the other, never within the window: found out by the time each
 * has come twice.
 */
export async function theftHistory(tested: StoreUnderTest, database: TestDatabase, seed: number) {
  const dice = diceOf(seed);
  const grant = await Comparison.begin(tested, database, { ...strict, late: seconds(604_800) });
  let stolen = 1;
  for (let before = dice(4); before > 0; before--) {
    stolen = generationOf(await grant.present("owner", stolen)) ?? assert.fail();
  }
  if (dice(2) === 0) await grant.present("owner", stolen); // and the answer is lost
  const holders = { owner: stolen, thief: stolen };
  const came = { owner: 0, thief: 0 };
  for (;;) {
    grant.sleep(60 + dice(3600));
    const who = dice(2) === 0 ? "owner" : "thief";
    const answer = await grant.present(who, holders[who]);
    if (answer.outcome === "reused") break;
    holders[who] = generationOf(answer) ?? assert.fail();
    came[who]++;
    assert.ok(came.owner < 2 || came.thief < 2, `not noticed\n${grant.story}`);
  }
  await grant.end();
}
