import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { storeContract } from "../contract/store.ts";

const folder = mkdtempSync(join(tmpdir(), "gatehouse-store-"));
storeContract("SQLite", () => openSqliteStore({ path: join(folder, "gatehouse.db") }));
after(() => rmSync(folder, { recursive: true }));
