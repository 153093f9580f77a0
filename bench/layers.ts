/**
 * What costs what in one introspection: CPU time of each part by itself, on SQLite with a million live
 * tokens, 32 at once.
 *
 *   cd bench && npm run layers
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../packages/gatehouse/src/config/config.ts";
import { createAuthorizationServer } from "../packages/gatehouse/src/oauth/authorization-server.ts";
import { Parameters } from "../packages/gatehouse/src/oauth/messages/parameters.ts";
import type { OAuthRequest } from "../packages/gatehouse/src/oauth/messages/request.ts";
import type { Services } from "../packages/gatehouse/src/oauth/services.ts";
import { isStoredTokenShaped } from "../packages/gatehouse/src/oauth/tokens/access-token.ts";
import { hashSecret } from "../packages/gatehouse/src/oauth/tokens/secret.ts";
import { type ResourceIdentifier, seconds } from "../packages/gatehouse/src/oauth/values.ts";
import { openSqliteStore } from "../packages/gatehouse/src/storage/sqlite/store.ts";
import { bare } from "./contenders/bare.ts";
import { gatehouseOnSqlite } from "./contenders/gatehouse.ts";
import { fillSqlite } from "./fill.ts";
import { accessToken, resource, tokenRows } from "./live-tokens.ts";
import { load } from "./load.ts";

const tokens = 1_000_000;
const lanes = 32;
const folder = mkdtempSync(join(tmpdir(), "gatehouse-layers-"));
const path = join(folder, "layers.db");
const credential = `gatehouse_rs_${"A".repeat(43)}`;
const now = seconds(Date.now() / 1000);

const store = await openSqliteStore({ path });
const identifier = resource as ResourceIdentifier;
await store.addResource({ identifier, name: "Notes", scopes: [], createdAt: now }, hashSecret(credential));
await fillSqlite(path, (fill) => fill("user_tokens", tokenRows(tokens)));
const some = Array.from({ length: 50_000 }, () => accessToken(Math.floor(Math.random() * tokens)));
const hashes = some.map(hashSecret);

const { settings } = readConfig({ BASE_URL: "http://localhost:1" }, "command");
const secretKeys: [Buffer] = [randomBytes(32)];
const unused = undefined as never;
const services: Services = {
  settings: { ...settings, secretKeys, keyId: 1, sharedTokens: () => true },
  store,
  providers: unused,
  access: () => undefined,
  documents: unused,
  clock: { now: () => seconds(Date.now() / 1000) },
  random: { bytes: randomBytes },
  events: { emit: () => undefined, record: () => Promise.resolve() },
  trace: { step: () => undefined },
  uses: { note: () => undefined },
  failures: { wait: () => 0, failed: () => 0 },
  checks: async () => [],
};
const server = createAuthorizationServer(services);
const forms = some.map((token) => `token=${token}`);
const request = (form: Parameters): OAuthRequest => ({
  id: "bench",
  method: "POST",
  query: Parameters.parse(""),
  rawQuery: "",
  form,
  json: undefined,
  body: "",
  headers: {
    authorization: `Bearer ${credential}`,
    origin: undefined,
    secFetchSite: undefined,
    referer: undefined,
    userAgent: undefined,
  },
  cookies: new Map(),
  address: "127.0.0.1",
});

let turn = 0;
const pick = <T>(from: readonly T[]): T => from[turn++ % from.length] as T;
const answer = {
  active: true,
  sub: "user",
  username: "alice.liddell@example.com",
  exp: now,
  iss: "x",
  iat: now,
};

/** Microseconds of CPU time, the best of three runs: what others do on the machine only adds. */
async function cpu(what: () => unknown): Promise<number> {
  const lane = async (until: number) => {
    let done = 0;
    for (; performance.now() < until; done++) {
      const outcome = what();
      if (outcome instanceof Promise) await outcome;
    }
    return done;
  };
  const run = async (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    const before = process.cpuUsage();
    const counts = await Promise.all(Array.from({ length: lanes }, () => lane(until)));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / counts.reduce((sum, count) => sum + count, 0);
  };
  await run(1500);
  return Math.min(await run(1000), await run(1000), await run(1000));
}

const rows: [string, number][] = [
  ["the form, parsed", await cpu(() => Parameters.parse(pick(forms)).refuseRepeated())],
  [
    "the token: prefix, characters, checksum",
    await cpu(() => isStoredTokenShaped(pick(some), services.settings)),
  ],
  ["one SHA-256 (the token's and the credential's are needed)", await cpu(() => hashSecret(pick(some)))],
  ["the token looked up", await cpu(() => store.findAccessToken(pick(hashes), now))],
  ["the credential looked up", await cpu(() => store.findResourceByCredential(hashSecret(credential)))],
  ["the answer as JSON", await cpu(() => JSON.stringify(answer))],
  [
    "**all of the protocol and the store**",
    await cpu(() => server.introspect(request(Parameters.parse(pick(forms))))),
  ],
];
await store.close();

const plan = { core: undefined, tokens, lanes, codes: 1, folder };
for (const [title, contender] of [
  ["**bare `node:http`, the same request**", bare],
  ["**Gatehouse over HTTP**", gatehouseOnSqlite],
] as const) {
  const running = await contender.start(plan);
  const workload = running.workload("introspect");
  if (workload === undefined) throw new Error("nothing to ask for");
  await load(running, workload, { lanes, warmUpSeconds: 3, seconds: 1 });
  rows.push([title, (await load(running, workload, { lanes, warmUpSeconds: 0.5, seconds: 5 })).cpu]);
  await running.stop();
}
console.log("| part | µs of CPU time |\n|---|---:|");
for (const [part, microseconds] of rows) console.log(`| ${part} | ${microseconds.toFixed(1)} |`);
rmSync(folder, { recursive: true });
process.exit(0);
