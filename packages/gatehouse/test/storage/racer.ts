import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import type { Errand } from "./errand.ts";

/*
 * Another process on the same database: does one errand when told to start, and prints the outcomes as JSON. Run by sqlite-processes.test.ts.
 */

const [path = "", encoded = ""] = process.argv.slice(2);
const errand = JSON.parse(Buffer.from(encoded, "base64url").toString()) as Errand;
const store = await openSqliteStore({ path });
console.log("ready");
process.stdin.once("data", async () => {
  const { codeHash, now, attempts, rotations } = errand;
  const redeemed = await Promise.all(
    attempts.map(({ grant, token }) => store.redeemCode(codeHash, now, grant, token)),
  );
  const rotated = await Promise.all(
    rotations.map(async (rotation) => (await store.rotateGrant(rotation)).outcome),
  );
  console.log(JSON.stringify({ redeemed, rotated }));
  await store.close();
  process.exit(0);
});
