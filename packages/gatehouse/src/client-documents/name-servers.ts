import type { LookupAddress } from "node:dns";
import { Resolver } from "node:dns/promises";
import type { Resolve } from "../guarded/checked-lookup.ts";

/**
 * Asks the computer's name servers themselves. The system's look-up would run on two threads that the whole
 * process shares and nothing can call back: whoever names hosts whose name servers keep silent would stop
 * everybody's sign-in at the look-up of the identity provider. A name only this computer knows (`/etc/hosts`)
 * is not found; no public document is there.
 * @param timeout milliseconds; what has been answered until then counts
 * @param servers in place of the computer's
 */
export function resolveByNameServers(timeout: number, servers?: readonly string[]): Resolve {
  return async (host) => {
    const resolver = new Resolver();
    if (servers !== undefined) resolver.setServers(servers);
    const deadline = setTimeout(() => resolver.cancel(), timeout);
    const [four, six] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    clearTimeout(deadline);
    if (four.status === "rejected" && six.status === "rejected") throw four.reason;
    return [...addressesOf(four, 4), ...addressesOf(six, 6)];
  };
}

/** None where only the other family is known. */
function addressesOf(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === "rejected" ? [] : answer.value.map((address) => ({ address, family }));
}
