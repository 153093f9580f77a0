import type { ReplayPolicy } from "../../src/oauth/store/grants.ts";
import { type Seconds, seconds } from "../../src/oauth/values.ts";
import { GrantModel } from "./refresh-model.ts";

/*
 * What becomes of codes, grants and access tokens, told a second time and without a database: requests in,
 * answers out, one after the other. What an answer gave is named after the number of its request.
 */

export interface Rules {
  /** Every access token has a row. */
  readonly sharedTokens: boolean;
  readonly replay: ReplayPolicy;
  readonly lifetimes: {
    readonly accessToken: number;
    readonly code: number;
    readonly grantIdle: number;
    readonly grant: number;
  };
}

export type Request =
  | { readonly kind: "redeem"; readonly code: number }
  | {
      readonly kind: "refresh";
      readonly grant: number;
      readonly generation: number;
      readonly scope: string | undefined;
    }
  /** What rules of access do when they take something from a grant. */
  | { readonly kind: "narrow"; readonly grant: number; readonly scope: string }
  | { readonly kind: "end refresh token"; readonly grant: number }
  | { readonly kind: "end access token"; readonly token: IssuedToken };

/** An access token, as its holder knows it. */
export interface IssuedToken {
  readonly number: number;
  readonly grant: number;
  readonly isSealed: boolean;
  readonly scope: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export type Answer =
  | { readonly error: string }
  | { readonly token: IssuedToken; readonly generation: number }
  | "done";

interface SeenScope {
  readonly scope: string;
  readonly takenScope: string;
}

interface GrantRow extends SeenScope {
  readonly lineage: GrantModel;
  readonly expiresAt: number;
  readonly endsAt: number;
}

interface CodeRow {
  readonly issuedAt: number;
  readonly grant: number | undefined;
}

export const grantedScope = "read write admin";
/** A code that was redeemed is known for so long, so that a replay is told from a stranger. */
const codeRetention = 3600;

export class TokenModel {
  readonly #rules: Rules;
  #codes = new Map<number, CodeRow>();
  #grants = new Map<number, GrantRow>();
  /** Of access tokens that have one. */
  #rows = new Map<number, IssuedToken>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  copy(): TokenModel {
    const copy = new TokenModel(this.#rules);
    copy.#codes = new Map(this.#codes);
    copy.#grants = new Map(this.#grants);
    copy.#rows = new Map(this.#rows);
    return copy;
  }

  /** The same for models that cannot be told apart. */
  get state(): string {
    return JSON.stringify([
      [...this.#codes].toSorted(byNumber),
      [...this.#grants]
        .toSorted(byNumber)
        .map(([number, { lineage, ...row }]) => [
          number,
          row,
          lineage.live,
          lineage.mintedAt,
          [...lineage.used],
          [...lineage.skipped],
        ]),
      [...this.#rows.keys()].toSorted((left, right) => left - right),
    ]);
  }

  /** Somebody approved, and the client has a code. */
  approve(code: number, now: Seconds): void {
    this.#codes.set(code, { issuedAt: now, grant: undefined });
  }

  sweep(now: Seconds): void {
    for (const [code, { issuedAt }] of this.#codes) {
      if (issuedAt <= now - codeRetention) this.#codes.delete(code);
    }
  }

  /** What a refresh sees of its grant before it moves it. */
  scopeOf(grant: number): SeenScope | undefined {
    return this.#grants.get(grant);
  }

  /** @param seen by a refresh, when others came between that and the rest of it */
  answer(number: number, request: Request, now: Seconds, seen?: SeenScope): Answer {
    switch (request.kind) {
      case "redeem":
        return this.#redeem(number, request.code, now);
      case "refresh":
        return this.#refresh(number, request, now, seen);
      case "narrow":
        this.#narrow(request.grant, request.scope);
        return "done";
      case "end refresh token":
        if (this.#live(request.grant, now) !== undefined) this.#end(request.grant);
        return "done";
      case "end access token":
        this.#endToken(request.token, now);
        return "done";
    }
  }

  /** What introspection says of a token. */
  look({ number, grant, isSealed, issuedAt, expiresAt }: IssuedToken, now: Seconds): string {
    const scope = isSealed ? this.#live(grant, now)?.scope : this.#rows.get(number)?.scope;
    return scope === undefined || expiresAt <= now ? "inactive" : `${scope} ${issuedAt} ${expiresAt}`;
  }

  #redeem(number: number, code: number, now: Seconds): Answer {
    const row = this.#codes.get(code);
    if (row === undefined) return refused;
    if (row.grant !== undefined) {
      this.#end(row.grant);
      return refused;
    }
    const { lifetimes } = this.#rules;
    if (row.issuedAt + lifetimes.code <= now) return refused;
    this.#codes.set(code, { ...row, grant: number });
    const endsAt = now + lifetimes.grant;
    const expiresAt = Math.min(endsAt, now + lifetimes.grantIdle);
    const lineage = new GrantModel();
    lineage.mintedAt = now;
    this.#grants.set(number, { scope: grantedScope, takenScope: "", lineage, expiresAt, endsAt });
    return { token: this.#issue(number, number, grantedScope, true, now, expiresAt), generation: 1 };
  }

  #refresh(
    number: number,
    { grant, generation, scope: asked }: Request & { readonly kind: "refresh" },
    now: Seconds,
    seen?: SeenScope,
  ): Answer {
    const row = this.#live(grant, now);
    if (row === undefined) return refused;
    const held = seen ?? row;
    const has = held.scope.split(" ");
    const wanted = asked?.split(" ").filter((one) => !held.takenScope.split(" ").includes(one));
    if (wanted?.length === 0 || wanted?.some((one) => !has.includes(one))) return { error: "invalid_scope" };
    const scope = wanted === undefined ? held.scope : has.filter((one) => wanted.includes(one)).join(" ");
    const lineage = row.lineage.copy();
    const outcome = lineage.present(generation, now, this.#rules.replay);
    if (outcome.outcome === "reused") {
      this.#end(grant);
      return refused;
    }
    const end = this.#idleEnd(row, now);
    const moved = outcome.outcome !== "replayed";
    this.#grants.set(grant, { ...row, lineage, expiresAt: moved ? end : row.expiresAt });
    const isWhole = scope === held.scope;
    return { token: this.#issue(number, grant, scope, isWhole, now, end), generation: lineage.live };
  }

  #idleEnd({ expiresAt, endsAt }: GrantRow, now: Seconds): number {
    const { grantIdle } = this.#rules.lifetimes;
    const latest = Math.min(endsAt, now + grantIdle);
    return latest - expiresAt < Math.min(86_400, grantIdle / 30) ? expiresAt : latest;
  }

  /** @param isWhole the scope is the grant's, not a part of it */
  #issue(
    number: number,
    grant: number,
    scope: string,
    isWhole: boolean,
    now: Seconds,
    grantEnd: number,
  ): IssuedToken {
    const { sharedTokens, lifetimes } = this.#rules;
    const isSealed = !sharedTokens && isWhole;
    const expiresAt = Math.min(now + lifetimes.accessToken, grantEnd);
    const token = { number, grant, isSealed, scope, issuedAt: now, expiresAt };
    if (!isSealed) this.#rows.set(number, token);
    return token;
  }

  #narrow(grant: number, scope: string): void {
    const row = this.#grants.get(grant);
    if (row === undefined) return;
    const wanted = scope.split(" ");
    const taken = row.scope.split(" ").filter((one) => !wanted.includes(one));
    this.#grants.set(grant, {
      ...row,
      scope: row.scope
        .split(" ")
        .filter((one) => wanted.includes(one))
        .join(" "),
      takenScope: [row.takenScope, ...taken].filter((one) => one !== "").join(" "),
    });
  }

  #endToken(token: IssuedToken, now: Seconds): void {
    if (this.look(token, now) === "inactive") return;
    if (token.isSealed) this.#end(token.grant);
    else this.#rows.delete(token.number);
  }

  #end(grant: number): void {
    this.#grants.delete(grant);
    for (const [number, row] of this.#rows) if (row.grant === grant) this.#rows.delete(number);
  }

  #live(grant: number, now: Seconds): GrantRow | undefined {
    const row = this.#grants.get(grant);
    return row !== undefined && row.expiresAt > now ? row : undefined;
  }
}

const byNumber = ([left]: readonly [number, unknown], [right]: readonly [number, unknown]) => left - right;

const refused: Answer = { error: "invalid_grant" };

/** Lives of minutes, so that ends come within a history of a few steps; or as shipped. */
export const shortLives = { accessToken: 600, code: 60, grantIdle: 3000, grant: 9000 };
export const usualLives = { accessToken: 3600, code: 60, grantIdle: 2_592_000, grant: 15_552_000 };

export const policies: readonly ReplayPolicy[] = [
  { window: seconds(60), generations: 1, late: seconds(604_800) },
  { window: seconds(60), generations: 1, late: seconds(604_800) },
  { window: seconds(0), generations: 1, late: seconds(0) },
  { window: seconds(300), generations: 1, late: seconds(900) },
];
