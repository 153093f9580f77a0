import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeContract } from "../../src/storage/contract.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";

storeContract("SQLite", () => {
  const folder = mkdtempSync(join(tmpdir(), "gatehouse-store-"));
  return openSqliteStore({ path: join(folder, "gatehouse.db") });
});
