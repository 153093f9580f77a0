import type { Store } from "../../oauth/store.ts";

/** LEGACY: the service before us never wrote a file of ours, so there is no refresh token of it here. */
export const originalRefreshTokenOperations: Pick<
  Store,
  | "findOriginalRefreshToken"
  | "exchangeOriginalRefreshToken"
  | "revokeOriginalRefreshToken"
  | "revokeOriginalRefreshTokens"
> = {
  findOriginalRefreshToken: async () => undefined,
  exchangeOriginalRefreshToken: async () => false,
  revokeOriginalRefreshToken: async () => false,
  revokeOriginalRefreshTokens: async () => 0,
};
