import { authorizationCode } from "./authorization-code.ts";
import type { GrantType } from "./grant-type.ts";
import { refreshToken } from "./refresh-token.ts";

/** Every grant this server speaks, by its `grant_type`; the metadata's `grant_types_supported` is this list (A08). */
export const grantTypes: ReadonlyMap<string, GrantType> = new Map([
  ["authorization_code", authorizationCode],
  ["refresh_token", refreshToken],
]);
