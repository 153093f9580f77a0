import type { GrantTypeName } from "../grant-types.ts";
import { authorizationCode } from "./authorization-code.ts";
import type { GrantType } from "./grant-type.ts";
import { refreshToken } from "./refresh-token.ts";

/** What serves each grant type. */
export const grantTypes: Readonly<Record<GrantTypeName, GrantType>> = {
  authorization_code: authorizationCode,
  refresh_token: refreshToken,
};
