import { after, before } from "node:test";
import { openPostgresStore } from "../../src/storage/postgres/store.ts";
import { storeContract } from "../contract/store.ts";
import { type Postgres, startPostgres } from "../support/postgres.ts";

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
});
after(() => postgres.stop());

storeContract("PostgreSQL", async () => openPostgresStore({ url: await postgres.createDatabase() }));

// As CockroachDB does it, where one of two in conflict is undone and has to run again.
storeContract("PostgreSQL at SERIALIZABLE", async () =>
  openPostgresStore({ url: await postgres.createDatabase("serializable") }),
);
