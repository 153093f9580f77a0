import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { loadConfig } from "../../src/config/config.ts";
import { type Store, StoreUnavailableError } from "../../src/oauth/store.ts";
import { seconds } from "../../src/oauth/values.ts";
import { keepDeclarations } from "../../src/start/declarations.ts";
import { openSqliteStore } from "../../src/storage/sqlite/store.ts";
import { createEvents } from "../../src/telemetry/events.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { aFolder } from "../config/config-file.ts";

const credential = `gatehouse_rs_${"a".repeat(40)}`;
const yaml = `resources:\n  - { identifier: "https://notes.example/mcp", credential: ${credential} }\n`;

async function setUp(t: TestContext, text = yaml) {
  const store = await openSqliteStore({ path: ":memory:" });
  t.after(() => store.close());
  const lines: string[] = [];
  const log = createLog(
    { level: "info", format: "json", tokenPrefixes: [] },
    { write: (line) => void lines.push(line) },
  );
  const start = async (over: Partial<Store> = {}, content = text, decides = true) => {
    const configPath = join(aFolder(t, { "gatehouse.yaml": content }), "gatehouse.yaml");
    const config = loadConfig({ environment: {}, configPath }, "command");
    const services = { log, events: createEvents(log), clock: { now: () => seconds(1_800_000_000) } };
    const kept = await keepDeclarations(config, { ...services, store: { ...store, ...over } }, decides);
    t.after(() => kept.stop());
    return kept;
  };
  return { store, start, lines };
}

test("while the database cannot be asked the start goes on, and what is declared is there as soon as it can", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { store, start } = await setUp(t);
  let tries = 0;
  const done = Promise.withResolvers<void>();
  await start({
    declare: async (...args) => {
      tries += 1;
      if (tries < 3) throw new StoreUnavailableError("not yet");
      const outcome = await store.declare(...args);
      done.resolve();
      return outcome;
    },
  });
  assert.equal(tries, 1);
  while (tries < 3) {
    t.mock.timers.tick(1000);
    await new Promise(setImmediate);
  }
  await done.promise;
  assert.equal((await store.listResources()).length, 1);
});

test("a credential that a command gave to another resource keeps the server from starting, and the line names both", async (t) => {
  const { store, start } = await setUp(t);
  const declared = await start();
  const [resource] = await store.listResources();
  assert.ok(resource);
  declared.stop();
  await start({}, "resources: []\n");
  const { hashSecret } = await import("../../src/oauth/tokens/secret.ts");
  const { canonicalResource } = await import("../../src/oauth/resource.ts");
  const identifier = canonicalResource("https://added.example/mcp");
  await store.addResource(
    { identifier, name: undefined, scopes: [], createdAt: seconds(1) },
    hashSecret(`${credential}b`),
  );
  await assert.rejects(
    start({}, yaml.replace(credential, `${credential}b`)),
    /https:\/\/notes\.example\/mcp in the file is that of https:\/\/added\.example\/mcp/,
  );
});

test("an instance whose file says nothing of resources leaves them, and says so; one that only serves declares nothing", async (t) => {
  const { store, start, lines } = await setUp(t);
  await start();
  const silent = await start({}, "log:\n  level: info\n");
  assert.equal((await store.listResources())[0]?.declared?.leftAt, undefined);
  await silent.look();
  assert.match(lines.at(-1) ?? "", /resources are declared by another file .*resources: \[\] removes them/);
  const worker = await start({}, "resources: []\n", false);
  assert.equal((await store.listResources())[0]?.declared?.leftAt, undefined);
  assert.match((await worker.warnings()).join(), /declared otherwise/);
});
