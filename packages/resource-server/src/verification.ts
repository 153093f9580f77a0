import { createHash } from "node:crypto";
import { createIntrospection } from "./introspection.ts";
import { type Judgement, judge, type TokenFacts } from "./judgement.ts";
import type { Protection } from "./options.ts";

interface Remembered {
  readonly facts: TokenFacts;
  readonly since: number;
  readonly until: number;
}

const mostRemembered = 10_000;

/**
 * Tells whether a token is good here. Requests that bring the same token at the same time share one question. A good answer is
 * believed for `cacheSeconds`, counted from when it was asked for, and never past the token's expiry (U09); a bad one is not kept at all. What is kept
 * is keyed by the token's hash and holds no token. Rejects when the authorization server cannot be asked.
 */
export function createVerification(protection: Protection): (token: string) => Promise<Judgement> {
  const { cacheSeconds, clock } = protection;
  const introspect = createIntrospection(protection);
  const remembered = new Map<string, Remembered>();
  const asking = new Map<string, Promise<Judgement>>();

  async function ask(token: string, key: string): Promise<Judgement> {
    const askedAt = clock();
    const judgement = judge(await introspect(token), protection, clock());
    if (judgement.good && cacheSeconds > 0) {
      const until = Math.min(askedAt + cacheSeconds, judgement.facts.expiresAt);
      remember(key, { facts: judgement.facts, since: askedAt, until });
    }
    return judgement;
  }

  function remember(key: string, entry: Remembered): void {
    remembered.delete(key);
    remembered.set(key, entry);
    const [oldest] = remembered.keys();
    if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest);
  }

  function recall(key: string): TokenFacts | undefined {
    const entry = remembered.get(key);
    if (entry === undefined) return undefined;
    // `since`: a clock that was set back must not lengthen a life.
    if (clock() >= entry.since && clock() < entry.until) return entry.facts;
    remembered.delete(key);
    return undefined;
  }

  return async (token) => {
    const key = createHash("sha256").update(token).digest("base64url");
    const facts = recall(key);
    if (facts !== undefined) return { good: true, facts };
    const underWay = asking.get(key);
    if (underWay !== undefined) return underWay;
    const question = ask(token, key).finally(() => asking.delete(key));
    asking.set(key, question);
    return question;
  };
}
