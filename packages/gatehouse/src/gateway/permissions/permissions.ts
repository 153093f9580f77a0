import type { Bearer } from "../../oauth/grants/bearer.ts";
import type { Access } from "../../oauth/ports.ts";
import type { Challenges } from "../challenge.ts";
import type { Asked, Target } from "../messages/asked.ts";
import type { ProtectedServer } from "../protected-server.ts";
import { errorCodes, RefusedCallError } from "../refusal.ts";
import type { AnswerRewriter } from "../relay/rewriter.ts";
import { createListRewriters } from "./list-rewriter.ts";
import { compileRules, type Rules, type RulesKind } from "./rules.ts";

/** What a server's `tools:`, `resources:` and `prompts:` come to. */
export interface Permissions {
  /**
   * Ends a call that asks for more than its token allows (W48–W51): all of a batch for one of its messages.
   * @throws RefusedCallError
   */
  check(asked: Asked, bearer: Bearer): void;
  /** How the answer to a call is changed, so that lists in it show what this person may see (W52, W53). */
  rewriterFor(asked: Asked, bearer: Bearer): AnswerRewriter | undefined;
}

const kinds: Readonly<Record<Target["kind"], RulesKind>> = {
  tool: "tools",
  resource: "resources",
  prompt: "prompts",
};

/** @param access the rules in force, asked at each 403 and each list; `undefined`: there are none */
export function createPermissions(
  server: Pick<ProtectedServer, "address" | "scopes" | "permissions" | "list">,
  challenges: Pick<Challenges, "insufficientScope">,
  access: () => Access | undefined,
): Permissions {
  const rules = new Map<RulesKind, Rules>();
  for (const kind of Object.values(kinds)) {
    const configured = server.permissions[kind];
    if (configured !== undefined) rules.set(kind, compileRules(configured, kind));
  }
  return {
    check({ messages }, bearer) {
      const missing = new Set<string>();
      for (const { targets } of messages) {
        for (const { kind, name } of targets) {
          const about = rules.get(kinds[kind]);
          if (about === undefined) continue;
          const scope = about.scopeOf(name);
          if (scope === undefined) throw forNobody(kind, name);
          if (!bearer.scopes.includes(scope)) missing.add(scope);
        }
      }
      if (missing.size > 0) throw challenges.insufficientScope(bearer, [...missing]);
    },
    rewriterFor: createListRewriters(server, rules, access),
  };
}

/** No challenge: it would make a client ask the person for what nobody can allow (W50). */
function forNobody(kind: Target["kind"], name: string): RefusedCallError {
  const message = `No permission is configured for this ${kind}, or for this spelling of it.`;
  const { insufficientScope: code } = errorCodes;
  return new RefusedCallError(
    { status: 403, code, message },
    `${kind} ${JSON.stringify(name.slice(0, 200))}`,
  );
}
