import type { LookupAddress, LookupOptions } from "node:dns";
import { lookup as systemLookup } from "node:dns/promises";

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;
type Answer = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

export const resolveBySystem: Resolve = (host) => systemLookup(host, { all: true });

/** A host that must not be connected to. */
export class ForbiddenAddressError extends Error {
  override readonly name = "ForbiddenAddressError";
}

/**
 * A `lookup` for sockets that gives only addresses it has checked, so that what is checked is what is
 * connected to (I09). One forbidden address among several forbids the host: a name that is public and private
 * at once is up to no good.
 */
export function checkedLookup(
  resolve: Resolve,
  isAllowed: (address: string) => boolean,
): (host: string, options: LookupOptions, answer: Answer) => void {
  return (host, options, answer) => {
    resolve(host).then(
      (addresses) => {
        const forbidden = addresses.find(({ address }) => !isAllowed(address));
        const [first] = addresses;
        if (forbidden !== undefined || first === undefined) {
          const found = forbidden === undefined ? "has no address" : `resolves to ${forbidden.address}`;
          answer(new ForbiddenAddressError(`${host} ${found}`), []);
        } else if (options.all === true) answer(null, [...addresses]);
        else answer(null, first.address, first.family);
      },
      (error: Error) => answer(error, []),
    );
  };
}
