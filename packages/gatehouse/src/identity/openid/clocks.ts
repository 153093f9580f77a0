import { SignInError } from "../../oauth/ports.ts";
import type { Seconds } from "../../oauth/values.ts";
import { skew } from "./signature.ts";

/**
 * What a token's times say of two clocks, with what the provider itself says that time it is: its header
 * `Date` tells a wrong clock from a token that is really old.
 * @param date seconds since 1970; `undefined`: it does not say
 */
export function withDate(error: unknown, date: number | undefined, now: Seconds): unknown {
  if (!(error instanceof SignInError) || error.reason?.key !== "providerClock" || date === undefined) {
    return error;
  }
  const apart = date - now;
  const says =
    Math.abs(apart) <= skew
      ? "its Date agrees with us, so it makes its tokens with another time"
      : `its Date says ${Math.abs(apart)} s ${apart < 0 ? "behind" : "ahead of"} us`;
  const { code, hint, logReason, reason } = error;
  return new SignInError(code, `${error.message}; ${says}`, {
    ...(hint !== undefined && { hint }),
    ...(logReason !== undefined && { logReason }),
    reason: Math.abs(apart) <= skew ? reason : { key: "providerClock", seconds: apart },
    cause: error.cause,
  });
}
