import { createHash } from "node:crypto";
import { createIntrospection } from "./introspection.ts";
import type { Protection } from "./options.ts";
import { RecentMap } from "./recent-map.ts";
import { checkAnswer, type TokenCheck } from "./token-check.ts";

interface Remembered {
  readonly check: TokenCheck;
  readonly since: number;
  /** Believed until then. A token that was good is known for longer, and asked about before others. */
  readonly until: number;
}

/**
 * Tokens that were good, and tokens that were not: whoever sends the latter by the thousand pushes out none
 * of the former.
 */
const maxRemembered = 10_000;
/**
 * How long a refused token is refused without asking again. It cannot become good, but a database behind its
 * primary may not know it yet.
 */
const refusedSeconds = 5;

/**
 * Tells whether a token is good here. Requests that bring the same token at the same time share one question.
 * A good answer is believed for `cacheSeconds`, counted from when it was asked for, and never past the
 * token's expiry (U09); a bad one for five seconds. Tokens that were good before have places of their own
 * among the questions. What is remembered is keyed by the token's hash and holds no token. Rejects when the
 * authorization server cannot be asked.
 */
export function createVerification(protection: Protection): (token: string) => Promise<TokenCheck> {
  const { cacheSeconds, clock } = protection;
  const introspect = createIntrospection(protection);
  const good = new RecentMap<string, Remembered>(maxRemembered);
  const refused = new RecentMap<string, Remembered>(maxRemembered);
  const asking = new Map<string, Promise<TokenCheck>>();

  async function ask(token: string, key: string): Promise<TokenCheck> {
    const since = clock();
    const check = checkAnswer(await introspect(token, good.has(key)), protection, clock());
    if (check.good) {
      good.put(key, { check, since, until: Math.min(since + cacheSeconds, check.facts.expiresAt) });
    } else {
      good.delete(key);
      refused.put(key, { check, since, until: since + refusedSeconds });
      tellOfOtherName(check.issuedFor, protection);
    }
    return check;
  }

  /** `since`: a clock that was set back must not lengthen a life. */
  function recall(key: string): TokenCheck | undefined {
    const entry = good.get(key) ?? refused.get(key);
    const now = clock();
    return entry !== undefined && now >= entry.since && now < entry.until ? entry.check : undefined;
  }

  return async (token) => {
    const key = createHash("sha256").update(token).digest("base64url");
    const remembered = recall(key);
    if (remembered !== undefined) return remembered;
    const underWay = asking.get(key);
    if (underWay !== undefined) return underWay;
    const question = ask(token, key).finally(() => asking.delete(key));
    asking.set(key, question);
    return question;
  };
}

/**
 * By its own credential a resource is told of its own tokens alone: one for another is its own under another
 * name, and then no token ever passes. A credential for all of them says nothing of the kind.
 */
function tellOfOtherName(
  issuedFor: string | undefined,
  { credential, resource, onFailure }: Protection,
): void {
  if (issuedFor === undefined || !credential.startsWith("gatehouse_rs_")) return;
  onFailure(
    new Error(
      `every token is refused: this server's resource is ${resource}, and the authorization server knows it as ${issuedFor.slice(0, 300)}. Make both the same, to the letter`,
    ),
  );
}
