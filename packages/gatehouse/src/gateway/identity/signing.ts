import type { Clock } from "../../oauth/ports.ts";
import type { ProtectedServer } from "../protected-server.ts";
import { createCallerSigner, type SignCaller } from "./assertion.ts";
import { type AssertionKey, assertionKey } from "./assertion-keys.ts";

/** Signs who calls, for the servers that want it. */
export interface CallerSigning {
  /** `undefined` for a server that does not. */
  signerFor(server: Pick<ProtectedServer, "address" | "assertion">): SignCaller | undefined;
  /** What its assertions are verified with, as a JWK Set (RFC 7517 §5): of all keys, the newest signs. */
  readonly keySet: () => string;
}

/** Keys are derived when somebody first needs them. */
export function createCallerSigning(
  secretKeys: readonly [Buffer, ...Buffer[]],
  about: { readonly issuer: string; readonly clock: Clock },
): CallerSigning {
  let derived: readonly AssertionKey[] | undefined;
  const keys = () => {
    derived ??= secretKeys.map(assertionKey);
    return derived;
  };
  return {
    signerFor({ address: audience, assertion }) {
      const [newest] = assertion ? keys() : [];
      return newest && createCallerSigner(newest, { ...about, audience });
    },
    keySet: () => JSON.stringify({ keys: keys().map(({ publicJwk }) => publicJwk) }),
  };
}
