import { createInterface } from "node:readline";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import type { Errand } from "./errand.ts";

/*
 * Another process on the same database: reads its errand, starts on it when told to, and prints the outcomes
 * as JSON. Run by sqlite-processes.test.ts.
 */

const [path = ""] = process.argv.slice(2);
const store = await openSqliteStore({ path });
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const errand = JSON.parse((await lines.next()).value ?? "") as Errand;
console.log("ready");
await lines.next();
const { codeHash, now, attempts, rotations } = errand;
const redeemed = await Promise.all(
  attempts.map(({ grant, token }) => store.redeemCode(codeHash, now, grant, token)),
);
const rotated = await Promise.all(rotations.map((rotation) => store.rotateGrant(rotation)));
console.log(JSON.stringify({ redeemed, rotated }));
await store.close();
process.exit(0);
