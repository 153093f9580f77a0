import { createInterface } from "node:readline";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import type { Errand } from "./errand.ts";

/*
 * Another process on the same database: reads its errands, starts on them all at once when told to, and
 * prints the outcomes as JSON. Run by postgres-processes.test.ts.
 */

const [url = ""] = process.argv.slice(2);
const store = await openPostgresStore({ url, statementTimeout: 30_000 });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const errands = JSON.parse((await lines.next()).value ?? "") as Errand[];
console.log("ready");
await lines.next();
const redeem = ({ codeHash, now, attempts }: Errand) =>
  attempts.map(({ grant, token }) => store.redeemCode(codeHash, now, grant, token));
const rotate = ({ rotations }: Errand) => rotations.map((rotation) => store.rotateGrant(rotation));
const redeemed = await Promise.all(errands.map((errand) => Promise.all(redeem(errand))));
const rotated = await Promise.all(errands.map((errand) => Promise.all(rotate(errand))));
console.log(JSON.stringify({ redeemed, rotated }));
await store.close();
process.exit(0);
