import { SignInError } from "../../oauth/ports.ts";

/** A token, or an answer beside it, that proves nothing. `why` is for the log, and holds no token. */
export function refusedToken(why: string): SignInError {
  return new SignInError("server_error", `the identity provider's token is refused: ${why}`, {
    hint: "the identity provider's answer could not be verified",
  });
}

/** A claim as the log may hold it. */
export function show(claim: unknown): string {
  return (JSON.stringify(claim) ?? "absent").slice(0, 200);
}
