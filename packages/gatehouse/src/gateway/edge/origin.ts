import type { ProtectedServer } from "../protected-server.ts";

const loopback = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

/**
 * Makes the check of a request's `Origin` (W25): pages of the door's own origin, of this computer, and of
 * those the operator lists may call; `null`, which any page can bring about, only if it is listed.
 */
export function createOriginCheck({
  address,
  origins,
}: Pick<ProtectedServer, "address" | "origins">): (origin: string) => boolean {
  const allowed = new Set([...origins, new URL(address).origin]);
  return (origin) => allowed.has(origin) || loopback.test(origin);
}
