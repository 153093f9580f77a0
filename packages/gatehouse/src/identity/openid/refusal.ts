import { SignInError } from "../../oauth/ports.ts";
import type { Reason } from "../../oauth/reason.ts";

/** A token, or an answer beside it, that proves nothing. `why` is for the log, and holds no token. */
export function refusedToken(
  why: string,
  details: { readonly reason?: Reason; readonly logReason?: string } = {},
): SignInError {
  return new SignInError("server_error", `the identity provider's token is refused: ${why}`, {
    hint: "the identity provider's answer could not be verified",
    logReason: "token refused",
    ...details,
  });
}

/** A claim as the log may hold it. */
export function show(claim: unknown): string {
  return (JSON.stringify(claim) ?? "absent").slice(0, 200);
}
