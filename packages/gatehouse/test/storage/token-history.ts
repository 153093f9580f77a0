import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { answersJson } from "../../src/oauth/endpoints/error-response.ts";
import { introspectEndpoint } from "../../src/oauth/endpoints/introspect.ts";
import { revokeEndpoint } from "../../src/oauth/endpoints/revoke.ts";
import { tokenEndpoint } from "../../src/oauth/endpoints/token.ts";
import { Parameters } from "../../src/oauth/messages/parameters.ts";
import type { OAuthRequest } from "../../src/oauth/messages/request.ts";
import type { Endpoint, Services } from "../../src/oauth/services.ts";
import type { Settings } from "../../src/oauth/settings.ts";
import type { Store } from "../../src/oauth/store.ts";
import { parseRefreshToken } from "../../src/oauth/tokens/refresh-token.ts";
import { parseSealedToken } from "../../src/oauth/tokens/sealed-token.ts";
import { hashSecret } from "../../src/oauth/tokens/secret.ts";
import { type GrantId, type Seconds, seconds } from "../../src/oauth/values.ts";
import { aClient, aCode, anAuthorization, aTransaction, now } from "../contract/records.ts";
import { type Dice, diceOf } from "./refresh-model.ts";
import {
  type Answer,
  grantedScope,
  type IssuedToken,
  policies,
  type Request,
  type Rules,
  shortLives,
  TokenModel,
  usualLives,
} from "./token-model.ts";

/*
 * Random histories of codes, grants and tokens: issued, refreshed, narrowed, revoked, one after the other or
 * at once, while backups are made and restored. They run through the protocol's own endpoints on a real
 * store, and every answer must be one that the model gives in some order of what was asked at once.
 */

/** What is common to all histories on one store. */
export interface Stage {
  readonly store: Store;
  /** Copies what is stored, in place of an earlier copy. */
  backUp(): Promise<void>;
  restore(): Promise<void>;
  /** Nobody has any token any more. */
  clear(): Promise<void>;
}

/** What a program does. Tokens, codes and grants are counted from the newest that the client holds. */
type Move =
  | { readonly kind: "redeem"; readonly code: number }
  | { readonly kind: "refresh"; readonly token: number; readonly scope?: string }
  | { readonly kind: "narrow"; readonly token: number; readonly scope: string }
  | { readonly kind: "end refresh token" | "end access token"; readonly token: number };

export type Step =
  | { readonly kind: "sleep"; readonly seconds: number }
  | { readonly kind: "approve" | "back up" | "restore" | "sweep" }
  /** All at once; between their steps in the store each waits as the seed says. */
  | { readonly kind: "ask"; readonly moves: readonly Move[]; readonly seed: number };

export interface History {
  readonly rules: Rules;
  readonly steps: readonly Step[];
}

export function historyOf(seed: number): History {
  const dice = diceOf(seed);
  const rules = {
    sharedTokens: dice(4) === 0,
    replay: policies[dice(policies.length)] ?? assert.fail(),
    lifetimes: dice(2) === 0 ? shortLives : usualLives,
  };
  const first: Step[] = [{ kind: "approve" }, { kind: "ask", moves: [{ kind: "redeem", code: 0 }], seed: 0 }];
  return { rules, steps: [...first, ...Array.from({ length: 4 + dice(14) }, () => aStep(dice))] };
}

function aStep(dice: Dice): Step {
  const chance = dice(100);
  if (chance < 15) return { kind: "sleep", seconds: [dice(60), 60 + dice(300), dice(4000)][dice(3)] ?? 0 };
  if (chance < 20) return { kind: "approve" };
  if (chance < 28) return { kind: "back up" };
  if (chance < 35) return { kind: "restore" };
  if (chance < 38) return { kind: "sweep" };
  const atOnce = dice(3) === 0 ? 2 + dice(2) : 1;
  return { kind: "ask", moves: Array.from({ length: atOnce }, () => aMove(dice)), seed: dice(2 ** 31) };
}

const someScopes = ["read", "read write", "write admin"] as const;

function aMove(dice: Dice): Move {
  const chance = dice(100);
  const scope = someScopes[dice(someScopes.length)] ?? assert.fail();
  // The newest most often, as an honest client does.
  const token = dice(3) > 0 ? 0 : dice(6);
  if (chance < 50) return { kind: "refresh", token };
  if (chance < 65) return { kind: "refresh", token, scope };
  if (chance < 77) return { kind: "redeem", code: dice(2) };
  if (chance < 87) return { kind: "narrow", token, scope };
  return { kind: chance < 91 ? "end refresh token" : "end access token", token };
}

const client = aClient({ dynamicallyRegistered: false });
const credential = "introspection-token-of-random-histories";
const codeVerifier = "v".repeat(43);
const secretKeys = [Buffer.alloc(32, 1)] as const;
const tokenPrefixes = ["gatehouse_at_"] as const;

export async function setStage(store: Store): Promise<void> {
  await store.addClient(client);
}

interface Held {
  readonly token: IssuedToken;
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly generation: number;
}

interface Asked {
  readonly number: number;
  readonly request: Request;
  readonly send: (number: number) => Promise<Answer>;
}

/**
 * Plays a history.
 * @throws AssertionError where the store's answers are none of the model's
 */
export async function play(stage: Stage, history: History): Promise<void> {
  await new Player(stage, history.rules).play(history.steps);
}

class Player {
  readonly #stage: Stage;
  readonly #server: Readonly<Record<"token" | "introspect" | "revoke", Endpoint>>;
  readonly #held: Held[] = [];
  readonly #codes: string[] = [];
  readonly #grants = new Map<GrantId, number>();
  #now: Seconds = now;
  #requests = 0;
  /** Before each operation of the store: how its caller is held up. */
  #holdUp: (() => Promise<void>) | undefined;
  /** All that the store may be by now: one for each order of what was asked at once. */
  #models: readonly TokenModel[];
  #backup: readonly TokenModel[] | undefined;

  constructor(stage: Stage, rules: Rules) {
    this.#stage = stage;
    this.#models = [new TokenModel(rules)];
    const services = this.#services(rules);
    this.#server = {
      token: answersJson(services, tokenEndpoint(services)),
      introspect: answersJson(services, introspectEndpoint(services)),
      revoke: answersJson(services, revokeEndpoint(services)),
    };
  }

  async play(steps: readonly Step[]): Promise<void> {
    await this.#stage.clear();
    for (const step of steps) {
      await this.#do(step);
      await this.#look(this.#held.slice(-3));
    }
    await this.#look(this.#held);
  }

  async #do(step: Step): Promise<void> {
    switch (step.kind) {
      case "sleep":
        this.#now = seconds(this.#now + step.seconds);
        return;
      case "approve":
        return this.#approve();
      case "back up":
        this.#backup = this.#models.map((model) => model.copy());
        return this.#stage.backUp();
      case "restore":
        if (this.#backup === undefined) return;
        this.#models = this.#backup.map((model) => model.copy());
        return this.#stage.restore();
      case "sweep":
        for (const model of this.#models) model.sweep(this.#now);
        await this.#stage.store.sweep(this.#now, 1000, seconds(1e8));
        return;
      case "ask":
        return this.#ask(step.moves, step.seed);
    }
  }

  async #approve(): Promise<void> {
    const { store } = this.#stage;
    const number = this.#codes.length;
    const sent = `gatehouse_code_${number}`;
    const authorization = anAuthorization(client, {
      codeChallenge: hashSecret(codeVerifier),
      scope: grantedScope,
      resource: undefined,
    });
    const transaction = aTransaction(authorization, { expiresAt: seconds(this.#now + 600) });
    await store.beginTransaction(transaction);
    const code = aCode(authorization, {
      codeHash: hashSecret(sent),
      createdAt: this.#now,
      expiresAt: seconds(this.#now + shortLives.code),
    });
    await store.completeTransaction(transaction.handleHash, this.#now, { code });
    this.#codes.push(sent);
    for (const model of this.#models) model.approve(number, this.#now);
  }

  async #ask(moves: readonly Move[], seed: number): Promise<void> {
    const asked = moves.flatMap((move) => this.#prepare(move));
    if (asked.length > 1) {
      const dice = diceOf(seed);
      this.#holdUp = async () => {
        for (let turns = dice(5); turns > 0; turns--) await turn();
      };
    }
    const answers = await Promise.all(asked.map(({ number, send }) => send(number)));
    this.#holdUp = undefined;
    const told = new Set<string>();
    const modelsAfter = (orders: readonly Order[]) =>
      this.#models.flatMap((model) =>
        orders.flatMap((order) => {
          const after = model.copy();
          const expected = answersOf(after, order, asked, this.#now);
          told.add(expected);
          return expected === JSON.stringify(answers) ? [after] : [];
        }),
      );
    const whole = modelsAfter(ordersOf(asked.map(({ number }) => number)));
    const models =
      whole.length > 0 ? whole : modelsAfter(ordersOf(asked.flatMap(({ number }) => [number, number])));
    this.#models = [
      ...new Map(models.map((model) => [models.length > 1 ? model.state : "", model])).values(),
    ];
    const requests = asked.map(({ request }) => JSON.stringify(request)).join(" and ");
    assert.ok(
      models.length > 0,
      `at +${this.#now - now} s to ${requests} the answer was ${JSON.stringify(answers)}, and should have been ${[...told].join(" or ")}`,
    );
  }

  #prepare(move: Move): Asked[] {
    const number = this.#requests++;
    const { store } = this.#stage;
    if (move.kind === "redeem") {
      const code = this.#codes.length - 1 - (move.code % Math.max(this.#codes.length, 1));
      const sent = this.#codes[code];
      if (sent === undefined) return [];
      const form = { grant_type: "authorization_code", code: sent, code_verifier: codeVerifier };
      return [{ number, request: { kind: "redeem", code }, send: (at) => this.#getTokens(at, form) }];
    }
    const held = this.#held.at(-1 - (move.token % Math.max(this.#held.length, 1)));
    if (held === undefined) return [];
    const { token, accessToken, refreshToken, generation } = held;
    const { grant } = token;
    switch (move.kind) {
      case "refresh": {
        const { scope } = move;
        const form = { grant_type: "refresh_token", refresh_token: refreshToken, ...(scope && { scope }) };
        const request = { kind: move.kind, grant, generation, scope } as const;
        return [{ number, request, send: (at) => this.#getTokens(at, form) }];
      }
      case "narrow": {
        const id = (parseRefreshToken(refreshToken) ?? assert.fail()).grantId;
        const send = async (): Promise<Answer> => {
          await this.#holdUp?.();
          await store.narrowGrant(id, move.scope);
          return "done";
        };
        return [{ number, request: { kind: "narrow", grant, scope: move.scope }, send }];
      }
      case "end refresh token":
        return [{ number, request: { kind: move.kind, grant }, send: () => this.#end(refreshToken) }];
      case "end access token":
        return [{ number, request: { kind: move.kind, token }, send: () => this.#end(accessToken) }];
    }
  }

  async #getTokens(number: number, form: Record<string, string>): Promise<Answer> {
    const { status, body } = await this.#server.token(this.#request({ client_id: client.id, ...form }));
    const answer = JSON.parse(body ?? "{}") as Record<string, string> & { readonly expires_in: number };
    if (status !== 200) return { error: answer.error ?? "" };
    const { access_token: accessToken = "", refresh_token: refreshToken = "", scope = "" } = answer;
    const { grantId, generation } = parseRefreshToken(refreshToken) ?? assert.fail(refreshToken);
    const grant = this.#grants.get(grantId) ?? number;
    this.#grants.set(grantId, grant);
    const token: IssuedToken = {
      number,
      grant,
      isSealed: parseSealedToken(accessToken, { tokenPrefixes }) !== undefined,
      scope,
      issuedAt: this.#now,
      expiresAt: this.#now + answer.expires_in,
    };
    this.#held.push({ token, accessToken, refreshToken, generation });
    return { token, generation };
  }

  async #end(token: string): Promise<Answer> {
    const { status } = await this.#server.revoke(this.#request({ client_id: client.id, token }));
    return status === 200 ? "done" : { error: `${status}` };
  }

  /** Every token must be what one of the models says, and all of them of the same one. */
  async #look(held: readonly Held[]): Promise<void> {
    const seen: string[] = [];
    for (const { accessToken } of held) {
      const request = this.#request({ token: accessToken }, `Bearer ${credential}`);
      const { status, body } = await this.#server.introspect(request);
      assert.equal(status, 200, `${body}`);
      const { active, scope = "", iat, exp } = JSON.parse(body ?? "");
      seen.push(active ? `${scope} ${iat} ${exp}` : "inactive");
    }
    const told = this.#models.map((model) => held.map(({ token }) => model.look(token, this.#now)));
    this.#models = this.#models.filter((_, at) => told[at]?.join() === seen.join());
    const about = held.map(({ token }) => `${token.number} of ${token.grant}`);
    assert.ok(
      this.#models.length > 0,
      `at +${this.#now - now} s the tokens ${about} were ${seen}, and should have been ${[...new Set(told.map(String))].join(" or ")}`,
    );
  }

  #request(form: Record<string, string>, authorization?: string): OAuthRequest {
    const none = undefined;
    return {
      id: "",
      method: "POST",
      query: Parameters.parse(""),
      rawQuery: "",
      form: Parameters.parse(new URLSearchParams(form).toString()),
      json: none,
      body: "",
      headers: { authorization, origin: none, secFetchSite: none, referer: none, userAgent: none },
      cookies: new Map(),
      address: "192.0.2.1",
    };
  }

  #services({ sharedTokens, replay, lifetimes }: Rules): Services {
    let minted = 0;
    return {
      settings: {
        issuer: "https://gatehouse.example",
        tokenPrefixes,
        secretKeys,
        keyId: 1,
        sharedTokens: () => sharedTokens,
        introspectionToken: credential,
        lifetimes: {
          accessToken: seconds(lifetimes.accessToken),
          grantIdle: seconds(lifetimes.grantIdle),
          grant: seconds(lifetimes.grant),
          replayWindow: replay.window,
          lateReplay: replay.late,
        },
        // The rest is for people and for clients that register themselves.
      } as unknown as Settings,
      store: this.#heldUp(this.#stage.store),
      providers: { all: [], find: () => undefined },
      access: () => undefined,
      documents: {
        load: () => assert.fail(),
        reload: () => assert.fail(),
        snapshot: () => undefined,
      },
      clock: { now: () => this.#now },
      random: { bytes: (count) => Buffer.from(`${minted++}`.padStart(count, "0")) },
      events: {
        emit: ({ name, cause }) => assert.equal(cause, undefined, `${name}: ${cause}`),
        record: () => Promise.resolve(),
      },
      trace: { step: () => undefined },
      uses: { note: () => undefined },
      failures: { wait: () => 0, failed: () => 0 },
      checks: async () => [],
    };
  }

  #heldUp(store: Store): Store {
    return new Proxy(store, {
      get: (target, name: keyof Store) => {
        const operation = target[name] as ((...values: unknown[]) => Promise<unknown>) | boolean;
        if (typeof operation === "boolean") return operation;
        return async (...values: unknown[]) => {
          await this.#holdUp?.();
          return operation(...values);
        };
      },
    });
  }
}

/**
 * Numbers of requests. One that stands there twice sees at first, and acts the second time: a refresh reads
 * what its grant allows before it moves it.
 */
type Order = readonly number[];

/** Each once. */
function ordersOf(numbers: Order): Order[] {
  if (numbers.length < 2) return [numbers];
  return [...new Set(numbers)].flatMap((first) =>
    ordersOf(numbers.toSpliced(numbers.indexOf(first), 1)).map((rest) => [first, ...rest]),
  );
}

/** As JSON, in the order in which it was asked. */
function answersOf(model: TokenModel, order: Order, asked: readonly Asked[], now: Seconds): string {
  const answers = new Map<number, Answer>();
  const seen = new Map<number, ReturnType<TokenModel["scopeOf"]>>();
  order.forEach((number, at) => {
    const request = asked.find((each) => each.number === number)?.request ?? assert.fail();
    if (order.includes(number, at + 1)) {
      if (request.kind === "refresh") seen.set(number, model.scopeOf(request.grant));
    } else answers.set(number, model.answer(number, request, now, seen.get(number)));
  });
  return JSON.stringify(asked.map(({ number }) => answers.get(number)));
}

/** The history without all steps that it fails without, and what that fails with. */
export async function shortest(stage: Stage, history: History, error: Error): Promise<[History, Error]> {
  for (let at = history.steps.length - 1; at >= 0; at--) {
    const shorter = { ...history, steps: history.steps.toSpliced(at, 1) };
    const failed: Error | undefined = await play(stage, shorter).then(
      () => undefined,
      (thrown) => thrown,
    );
    if (failed !== undefined) return shortest(stage, shorter, failed);
  }
  return [history, error];
}
