import { type AuthInfo, authInfoOf } from "./auth-info.ts";
import { type ProtectionOptions, readOptions } from "./options.ts";
import { createVerification } from "./verification.ts";

/** The official SDK's middleware knows a bad token by its own error class, so that class is handed in. */
export type VerifierOptions = ProtectionOptions & (SdkV1 | SdkV2);

interface SdkV1 {
  /** SDK v1: from `@modelcontextprotocol/sdk/server/auth/errors.js`. */
  readonly InvalidTokenError: new (
    message: string,
  ) => Error;
}

interface SdkV2 {
  /** SDK v2: from `@modelcontextprotocol/server`. */
  readonly OAuthError: new (
    code: string,
    message: string,
  ) => Error;
}

/** The official SDK's `OAuthTokenVerifier`, the same in v1 and v2. */
export interface TokenVerifier {
  /**
   * Who calls with this token. Rejects with the SDK's error for a token that is not good here (401), and with a plain `Error` when
   * the authorization server cannot be asked (500: closed).
   */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/**
 * For servers that already use the SDK's `requireBearerAuth`: the same checks of activity, audience and expiry as `protect()`. Scopes, challenges
 * and metadata are then the SDK's part. Throws a `TypeError` for wrong options.
 */
export function createVerifier(options: VerifierOptions): TokenVerifier {
  const protection = readOptions(options);
  const verify = createVerification(protection);
  const invalidToken = (reason: string): Error =>
    "OAuthError" in options
      ? new options.OAuthError("invalid_token", reason)
      : new options.InvalidTokenError(reason);
  return {
    async verifyAccessToken(token) {
      const judgement = await verify(token).catch((error: Error) => {
        protection.onFailure(error);
        throw error;
      });
      if (!judgement.good) throw invalidToken(judgement.reason);
      return authInfoOf(token, judgement.facts, protection);
    },
  };
}
