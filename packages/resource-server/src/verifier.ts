import { type AuthInfo, authInfoOf } from "./auth-info.ts";
import { type ProtectionOptions, readOptions } from "./options.ts";
import { createVerification } from "./verification.ts";

/**
 * What `protect()` takes, without what the SDK does itself: scopes are demanded by
 * `requireBearerAuth({ requiredScopes })`. The SDK knows a bad token by its own error class, so that class is
 * handed in.
 */
export type VerifierOptions = Omit<ProtectionOptions, (typeof sdksPart)[number]> & (SdkV1 | SdkV2);

const sdksPart = ["requiredScopes", "scopes", "resourceName", "authorizationServerMetadata"] as const;

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
   * Who calls with this token. Rejects with the SDK's error for a token that is not good here (401), and with
   * a plain `Error` when the authorization server cannot be asked (500: closed).
   */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/**
 * For servers that already use the SDK's `requireBearerAuth`: the same checks of activity, audience and
 * expiry as `protect()`. Scopes, challenges and metadata are then the SDK's part.
 *
 * @param options of the resource, and the SDK's error class
 * @throws TypeError for wrong options, and for options there are none of
 *
 * @example
 * ```ts
 * import { createVerifier } from "@mcp-gatehouse/resource-server";
 * import { OAuthError, requireBearerAuth } from "@modelcontextprotocol/server";
 *
 * const verifier = createVerifier({
 *   issuer: "https://login.example.com",
 *   resource: "https://notes.example.com/mcp",
 *   credential: process.env.GATEHOUSE_CREDENTIAL ?? "from-the-environment",
 *   OAuthError,
 * });
 * export const gate = requireBearerAuth({ verifier, requiredScopes: ["notes:read"] });
 * ```
 */
export function createVerifier(options: VerifierOptions): TokenVerifier {
  const protection = readOptions(options, {
    caller: "createVerifier",
    more: ["InvalidTokenError", "OAuthError"],
  });
  const misplaced = sdksPart.find((name) => name in options);
  if (misplaced !== undefined)
    throw new TypeError(`createVerifier(): ${misplaced} is the SDK's part, here it would do nothing`);
  const ErrorClass = "OAuthError" in options ? options.OAuthError : options.InvalidTokenError;
  if (typeof ErrorClass !== "function")
    throw new TypeError("createVerifier(): InvalidTokenError or OAuthError must be the SDK's error class");
  const verify = createVerification(protection);
  const invalidToken = (reason: string): Error =>
    "OAuthError" in options
      ? new options.OAuthError("invalid_token", reason)
      : new options.InvalidTokenError(reason);
  return {
    async verifyAccessToken(token) {
      const check = await verify(token).catch((error: Error) => {
        protection.onFailure(error);
        throw error;
      });
      if (!check.good) throw invalidToken(check.reason);
      return authInfoOf(token, check.facts, protection);
    },
  };
}
