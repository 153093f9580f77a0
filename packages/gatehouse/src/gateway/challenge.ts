import {
  type Answer,
  cannotCheck,
  createResourceMetadata,
  insufficientScope,
  invalidToken,
  tokenNeeded,
  twoTokens,
} from "@mcp-gatehouse/resource-server/parts";
import type { Bearer } from "../oauth/grants/bearer.ts";
import type { Access } from "../oauth/ports.ts";
import type { ResourceScope } from "../oauth/records.ts";
import { isLoginScope } from "../oauth/scope.ts";
import { isObtainable } from "./obtainable.ts";
import type { ProtectedServer } from "./protected-server.ts";
import { errorCodes, RefusedCallError } from "./refusal.ts";

/** How one server's door says no to tokens (U02, U03, U05, U07, U09): the kit's words, made once. */
export interface Challenges {
  readonly tokenNeeded: Answer;
  readonly malformed: Answer;
  readonly invalid: Answer;
  readonly twoTokens: Answer;
  readonly cannotCheck: Answer;
  /**
   * 403 for a good token that allows too little. It asks for what the client has and what it needs (W49):
   * newer clients make that union themselves, older ones ask for what they are told and no more. Without a
   * challenge where this person can never get it, so that no client asks them in a loop (W50).
   */
  insufficientScope(bearer: Pick<Bearer, "scopes" | "person">, needed: readonly string[]): RefusedCallError;
}

type Described = Pick<ProtectedServer, "address" | "title" | "scopes" | "baseScopes">;

/** @param access the rules in force, asked at each 403; `undefined`: there are none */
export function createChallenges(
  server: Described,
  issuer: string,
  access: () => Access | undefined,
): Challenges {
  const { url } = createResourceMetadata(resourceDescription(server, issuer));
  const context = { metadataUrl: url, scopes: usualScopes(server) };
  return {
    tokenNeeded: tokenNeeded(context),
    malformed: invalidToken(context, "The access token is malformed."),
    invalid: invalidToken(context, "The access token is unknown, expired, revoked, or not for this server."),
    twoTokens: twoTokens(context),
    cannotCheck: cannotCheck(),
    insufficientScope({ scopes: granted, person }, needed) {
      const refused = { status: 403, code: errorCodes.insufficientScope };
      const scopes = [...new Set([...granted, ...needed])].filter(isOfResource);
      const message = `This needs an access token with the scope ${needed.join(" ")}.`;
      const { headers } = insufficientScope({ ...context, scopes });
      const challenge = { "WWW-Authenticate": headers["WWW-Authenticate"] ?? "" };
      const asks = isObtainable(needed, person, server, access());
      return new RefusedCallError({ ...refused, message, ...(asks && { headers: challenge }) });
    },
  };
}

/** What a server's metadata say of it (RFC 9728 §2). */
export function resourceDescription({ address, title, scopes, baseScopes }: Described, issuer: string) {
  const known = [...scopes.map(({ name }) => name), ...baseScopes];
  return {
    issuer,
    resource: address,
    scopes: [...new Set(known)].filter(isOfResource),
    resourceName: title,
  };
}

/** What a first token is to have: what every request needs, and what is granted to who asks for nothing. */
function usualScopes({ scopes, baseScopes }: Described): string[] {
  const names = (list: readonly ResourceScope[]) => list.map(({ name }) => name);
  const defaults = names(scopes.filter(({ isDefault }) => isDefault));
  const usual = defaults.length > 0 ? defaults : names(scopes.filter(({ isOptional }) => !isOptional));
  return [...new Set([...baseScopes, ...usual])].filter(isOfResource);
}

const isOfResource = (scope: string) => !isLoginScope(scope); // U11
