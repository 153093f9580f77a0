import { after, before, describe } from "node:test";
import type { Store } from "../../src/oauth/store.ts";
import { addressesContract } from "./addresses.ts";
import { auditContract } from "./audit.ts";
import { clientsContract } from "./clients.ts";
import { codesContract } from "./codes.ts";
import { confirmationContract } from "./confirmation.ts";
import { declarationsContract } from "./declarations.ts";
import { grantsContract } from "./grants.ts";
import { keysContract } from "./keys.ts";
import { lateRefreshesContract } from "./late-refreshes.ts";
import { listingContract } from "./listing.ts";
import { offBoardingContract } from "./off-boarding.ts";
import { passkeysContract } from "./passkeys.ts";
import { peopleContract } from "./people.ts";
import { providerLogoutContract } from "./provider-logout.ts";
import { registrationsContract } from "./registrations.ts";
import { resourcesContract } from "./resources.ts";
import { StoreUnderTest } from "./store-under-test.ts";
import { tracesContract } from "./traces.ts";
import { transactionsContract } from "./transactions.ts";
import { upkeepContract } from "./upkeep.ts";
import { usesContract } from "./uses.ts";

/**
 * The behaviour every store must show, sentence by sentence of `oauth/ports.ts`. An adapter's test calls this
 * with a way to open an empty store; nothing here knows which one it is.
 *
 * @param open gives a fresh, empty store, which the tests close
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the store contract on ${name}`, () => {
    const tested = new StoreUnderTest();
    before(() => tested.open(open));
    after(() => tested.store.close());
    passkeysContract(tested); // first: it needs a store in which nobody is yet
    clientsContract(tested);
    peopleContract(tested);
    listingContract(tested);
    offBoardingContract(tested);
    providerLogoutContract(tested);
    confirmationContract(tested);
    addressesContract(tested);
    transactionsContract(tested);
    codesContract(tested);
    grantsContract(tested);
    registrationsContract(tested);
    resourcesContract(tested);
    declarationsContract(tested);
    lateRefreshesContract(tested);
    tracesContract(tested);
    usesContract(tested);
    upkeepContract(tested);
    keysContract(tested);
    auditContract(tested);
  });
}
