import { after, before, describe } from "node:test";
import type { Store } from "../oauth/ports.ts";
import { clientsContract } from "./contract/clients.ts";
import { codesContract } from "./contract/codes.ts";
import { Given } from "./contract/given.ts";
import { grantsContract } from "./contract/grants.ts";
import { keysContract } from "./contract/keys.ts";
import { lateRefreshesContract } from "./contract/late-refreshes.ts";
import { peopleContract } from "./contract/people.ts";
import { registrationsContract } from "./contract/registrations.ts";
import { resourcesContract } from "./contract/resources.ts";
import { transactionsContract } from "./contract/transactions.ts";
import { upkeepContract } from "./contract/upkeep.ts";

/**
 * The behaviour every store must show, sentence by sentence of `oauth/ports.ts`. An adapter's test calls this with a way to open an empty
 * store; nothing here knows which one it is.
 *
 * @param open gives a fresh, empty store, which the tests close
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`the store contract on ${name}`, () => {
    const given = new Given();
    before(() => given.open(open));
    after(() => given.store.close());
    clientsContract(given);
    peopleContract(given);
    transactionsContract(given);
    codesContract(given);
    grantsContract(given);
    registrationsContract(given);
    resourcesContract(given);
    lateRefreshesContract(given);
    upkeepContract(given);
    keysContract(given);
  });
}
