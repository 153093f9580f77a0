import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { createRegistrationRoom, registrantOf } from "../../../src/oauth/clients/registration-limits.ts";
import type { Client } from "../../../src/oauth/records.ts";
import type { Services } from "../../../src/oauth/services.ts";
import { type ClientId, seconds } from "../../../src/oauth/values.ts";
import { openSqliteStore } from "../../../src/storage/sqlite/store.ts";

const hour = 3600;

async function start(t: TestContext, unusedRegistrations: { perAddress: number | undefined; inAll: number }) {
  const store = await openSqliteStore({ path: ":memory:" });
  t.after(() => store.close());
  let time = 1_800_000_000;
  const settings = { unusedRegistrations, secretKeys: [randomBytes(32)] };
  const clock = { now: () => seconds(time) };
  const services = { store, clock, settings, random: { bytes: randomBytes } } as unknown as Services;
  const makeRoom = createRegistrationRoom(services);
  return {
    services,
    count: async () => (await store.listClients()).length,
    pass: (by: number) => {
      time += by;
    },
    /** One registration, as the endpoint does it. False when it is refused. */
    async register(address: string): Promise<boolean> {
      const registrant = registrantOf(services, { address });
      if (!(await makeRoom(registrant))) return false;
      await store.addClient(aClient(clock.now()), registrant);
      return true;
    },
  };
}

const aClient = (createdAt: Client["createdAt"]): Client => ({
  id: randomBytes(16).toString("base64url") as ClientId,
  authMethod: "none",
  secretHash: undefined,
  clearSecret: undefined,
  keys: undefined,
  redirectUris: ["https://app.example.com/cb"],
  grantTypes: ["authorization_code"],
  scope: undefined,
  metadata: {},
  dynamicallyRegistered: true,
  shared: false,
  createdAt,
  lastUsedAt: undefined,
});

test("an address that floods has to wait while its registrations are young, and others do not", async (t) => {
  const { register, count, pass } = await start(t, { perAddress: 50, inAll: 10_000 });
  let registered = 0;
  while (registered < 1000 && (await register("2001:db8:0:1::1"))) registered++;
  assert.ok(registered >= 50 && registered < 1000, `${registered}: one in sixteen looks`);
  for (let address = 2; address < 30; address++) {
    assert.equal(await register(`2001:db8:0:1::${address}`), false, "the same subscriber");
  }
  assert.equal(await register("2001:db8:0:2::1"), true);
  pass(hour);
  for (let more = 0; more < 30; more++) assert.equal(await register("2001:db8:0:1::1"), true);
  assert.ok((await count()) <= registered + 31);
});

test("a flood from everywhere stays within what is kept in all, and pushes out none of who registered few", async (t) => {
  const { register, count, services, pass } = await start(t, { perAddress: undefined, inAll: 100 });
  await register("198.51.100.1");
  const [honest] = await services.store.listClients();
  pass(1);
  for (let more = 0; more < 600; more++) await register(`203.0.113.${more % 10}`);
  assert.ok((await count()) < 100 + 150, String(await count()));
  assert.ok(await services.store.findClient(honest?.id ?? ""));
});

test("from whom a registration is cannot be read from what is kept of it", async (t) => {
  const { services } = await start(t, { perAddress: 1, inAll: 1 });
  const from = registrantOf(services, { address: "203.0.113.7" });
  assert.match(from, /^[A-Za-z0-9_-]{22}$/);
  assert.equal(registrantOf(services, { address: "203.0.113.7" }), from);
  const elsewhere = { ...services, settings: { ...services.settings, secretKeys: [randomBytes(32)] } };
  assert.notEqual(registrantOf(elsewhere as unknown as Services, { address: "203.0.113.7" }), from);
});
