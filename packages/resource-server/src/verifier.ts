import { type AuthInfo, authInfoOf } from "./auth-info.ts";
import { type ProtectionOptions, readOptions } from "./options.ts";
import { createVerification } from "./verification.ts";

export interface VerifierOptions extends ProtectionOptions {
  /** The SDK's own class, from `@modelcontextprotocol/sdk/server/auth/errors.js`: its middleware knows a bad token by it. */
  readonly InvalidTokenError: new (
    message: string,
  ) => Error;
}

/** The official SDK's `OAuthTokenVerifier`. */
export interface TokenVerifier {
  /**
   * Who calls with this token. Rejects with the SDK's `InvalidTokenError` for a token that is not good here (401), and with a plain
   * `Error` when the authorization server cannot be asked (500: closed).
   */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/**
 * For servers that already use the SDK's `requireBearerAuth`: the same checks of activity, audience and expiry as `protect()`. Scopes, challenges
 * and metadata are then the SDK's part. Throws a `TypeError` for wrong options.
 */
export function createVerifier({ InvalidTokenError, ...options }: VerifierOptions): TokenVerifier {
  const protection = readOptions(options);
  const verify = createVerification(protection);
  return {
    async verifyAccessToken(token) {
      const judgement = await verify(token).catch((error: Error) => {
        protection.onFailure(error);
        throw error;
      });
      if (!judgement.good) throw new InvalidTokenError(judgement.reason);
      return authInfoOf(token, judgement.facts, protection.resource);
    },
  };
}
