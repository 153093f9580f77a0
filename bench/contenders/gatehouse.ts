import { hash } from "node:crypto";
import { join } from "node:path";
import type { Store } from "../../packages/gatehouse/src/oauth/store.ts";
import { hashSecret } from "../../packages/gatehouse/src/oauth/tokens/secret.ts";
import type { ClientId, ResourceIdentifier } from "../../packages/gatehouse/src/oauth/values.ts";
import { seconds } from "../../packages/gatehouse/src/oauth/values.ts";
import { openPostgresStore } from "../../packages/gatehouse/src/storage/postgres/store.ts";
import { openSqliteStore } from "../../packages/gatehouse/src/storage/sqlite/store.ts";
import { startPostgres } from "../../packages/gatehouse/test/support/postgres.ts";
import { type Fill, fillPostgres, fillSqlite } from "../fill.ts";
import { formRequest, getRequest, jsonRequest } from "../http-request.ts";
import {
  accessToken,
  clientId,
  email,
  firstGeneration,
  grantRows,
  refreshToken,
  resource,
  scope,
  sealedToken,
  secretKey,
  tokenRows,
} from "../live-tokens.ts";
import { childrenOf, freePort, startServer } from "../process.ts";
import type { Contender, Operation, Plan, Workload } from "./contender.ts";

const redirectUri = "http://127.0.0.1:33418/callback";
/** See {@link Plan.doomed}. */
export const doomedClientId = "dyn_VUTSRQPONMLKJIHGFEDCBA";
const credential = `gatehouse_rs_${"A".repeat(43)}`;

const secret = (purpose: string, n: number) => hash("sha256", `${purpose} ${n}`, "base64url");
const code = (n: number) => `gatehouse_ac_${secret("code", n)}`;
const verifier = (n: number) => secret("verifier", n);

interface Place {
  /** What `SQL_URL` is to say. */
  readonly sqlUrl: string;
  openStore(): Promise<Store>;
  fill(fill: (into: Fill) => Promise<void>): Promise<void>;
  remove(): Promise<void>;
}

function onSqlite(folder: string): Place {
  const path = join(folder, "gatehouse.db");
  return {
    sqlUrl: `sqlite:${path}`,
    openStore: () => openSqliteStore({ path }),
    fill: (fill) => fillSqlite(path, fill),
    remove: async () => {},
  };
}

/** As durable as PostgreSQL is by default, and with memory enough for all that is looked up. */
async function onPostgres(): Promise<Place> {
  const postgres = await startPostgres({
    fsync: "on",
    full_page_writes: "on",
    shared_buffers: "2GB",
    max_wal_size: "8GB",
  });
  const url = await postgres.createDatabase();
  return {
    sqlUrl: url,
    openStore: () => openPostgresStore({ url }),
    fill: (fill) => fillPostgres(url, fill),
    remove: () => postgres.stop(),
  };
}

async function prepare(place: Place, plan: Plan): Promise<void> {
  const now = seconds(Date.now() / 1000);
  const store = await place.openStore();
  const client = {
    id: clientId as ClientId,
    authMethod: "none",
    secretHash: undefined,
    clearSecret: undefined,
    keys: undefined,
    redirectUris: [redirectUri],
    grantTypes: ["authorization_code", "refresh_token"],
    scope,
    metadata: { name: "Bench" },
    dynamicallyRegistered: true,
    shared: false,
    createdAt: now,
    lastUsedAt: undefined,
  } as const;
  await store.addClient(client);
  if (plan.doomed) await store.addClient({ ...client, id: doomedClientId as ClientId });
  const identifier = resource as ResourceIdentifier;
  await store.addResource({ identifier, name: "Notes", scopes: [], createdAt: now }, hashSecret(credential));
  await store.close();
  await place.fill(async (fill) => {
    await fill("user_tokens", tokenRows(plan.tokens));
    await fill("gatehouse_grants", grantRows(plan.tokens, plan));
    const doomed = { from: plan.tokens, client: doomedClientId };
    if (plan.doomed) await fill("gatehouse_grants", grantRows(plan.doomed, doomed));
    await fill("oauth2_codes", codeRows(plan.codes, now));
  });
}

function* codeRows(count: number, now: number) {
  for (let n = 0; n < count; n++) {
    yield {
      id: hashSecret(code(n)),
      subject: `user_${secret("subject", n)}`,
      email,
      auth_time: now,
      created_at: now,
      expires_at: now + 86_400,
      client_id: clientId,
      redirect_uri: redirectUri,
      state: null,
      code_challenge: hashSecret(verifier(n)),
      code_challenge_method: "S256",
      scope,
      resource,
    };
  }
}

function redemption(n: number): string {
  return formRequest("/token", {
    grant_type: "authorization_code",
    code: code(n),
    redirect_uri: redirectUri,
    client_id: clientId,
    code_verifier: verifier(n),
  });
}

/**
 * Every refresh is another grant's, one after the other: real clients refresh once an hour, so no page of the
 * database is warm from the refresh before. A round cut off loses nothing: the grant is somebody else's turn.
 */
function refreshing(plan: Plan): Workload {
  const generations = new Uint32Array(plan.tokens).fill(firstGeneration);
  let turn = 0;
  return {
    next() {
      const n = turn++ % plan.tokens;
      const generation = generations[n] ?? firstGeneration;
      generations[n] = generation + 1;
      const form = { grant_type: "refresh_token", refresh_token: refreshToken(n, generation) };
      return formRequest("/token", { ...form, client_id: clientId });
    },
    status: 200,
  };
}

function workloads(plan: Plan): Record<Operation, Workload> {
  const authorization = { Authorization: `Bearer ${credential}` };
  const introspection = (token: string) => formRequest("/introspect", { token }, authorization);
  const metadata = getRequest("/.well-known/oauth-authorization-server");
  const garbage = introspection(`gatehouse_at_${"A".repeat(49)}`);
  const sealed = Array.from({ length: plan.tokens }, (_, n) => sealedToken(n));
  const anyOf = <T>(some: readonly T[]) => some[Math.floor(Math.random() * some.length)] as T;
  let redeemed = 0;
  let registered = 0;
  return {
    metadata: { next: () => metadata, status: 200 },
    introspect: { next: () => introspection(anyOf(sealed)), status: 200 },
    stored: {
      next: () => introspection(accessToken(Math.floor(Math.random() * plan.tokens))),
      status: 200,
    },
    garbage: { next: () => garbage, status: 200 },
    refresh: refreshing(plan),
    code: { next: () => (redeemed < plan.codes ? redemption(redeemed++) : undefined), status: 200 },
    register: {
      next: () =>
        jsonRequest("/register", {
          client_name: `Bench ${registered++}`,
          redirect_uris: ["https://app.example.com/callback"],
          grant_types: ["authorization_code", "refresh_token"],
          token_endpoint_auth_method: "none",
        }),
      status: 201,
    },
  };
}

function gatehouse(
  name: string,
  storeNote: string,
  open: (folder: string) => Promise<Place>,
  workers = 1,
  environment: Readonly<Record<string, string>> = {},
  imports: readonly string[] = [],
): Contender {
  return {
    name,
    notes: [
      "defaults as shipped, but for the rate limits, which would stop one address that asks so often",
      "introspection authenticates the MCP server that asks by its credential, which is a look-up of its own",
      "every refresh, code exchange and registration is on the disk before it is answered, and in the log",
      storeNote,
    ],
    async start(plan) {
      const place = await open(plan.folder);
      await prepare(place, plan);
      const port = await freePort();
      const pauses = join(plan.folder, `pauses-${port}`);
      const url = `http://127.0.0.1:${port}`;
      const server = await startServer({
        args: [
          `--import=${join(import.meta.dirname, "../watch-loop.mjs")}`,
          ...imports.map((path) => `--import=${path}`),
          join(import.meta.dirname, "../../packages/gatehouse/bin/gatehouse.js"),
          "serve",
        ],
        environment: {
          PORT: `${port}`,
          BASE_URL: url,
          SQL_URL: place.sqlUrl,
          SECRET_KEY: secretKey,
          RATE_LIMITS: "off",
          BENCH_PAUSES: pauses,
          WORKERS: `${workers}`,
          ...anyProvider,
          ...environment,
        },
        core: plan.core,
        firstAnswer: `${url}/readyz`,
        logs: true,
      });
      const ready = workloads(plan);
      return {
        host: "127.0.0.1",
        port,
        pids: [server.pid, ...childrenOf(server.pid)],
        pauses,
        sqlUrl: place.sqlUrl,
        startUp: server.startUp,
        workload: (operation) => ready[operation],
        stop: async () => {
          await server.stop();
          await place.remove();
        },
      };
    },
  };
}

/** Without an identity provider there is no `serve`. Nobody signs in here. */
const anyProvider = {
  OAUTH2_CLIENT_ID: "bench",
  OAUTH2_CLIENT_SECRET: "bench",
  UPSTREAM_ISSUER: "http://localhost:1",
};

export const gatehouseOnSqlite = gatehouse(
  "gatehouse-sqlite",
  "the database is a file beside the server, so its CPU time is part of the server's",
  async (folder) => onSqlite(folder),
);

export const gatehouseOnPostgres = gatehouse(
  "gatehouse-postgres",
  "PostgreSQL runs on the core of the load, and its own CPU time is not counted",
  onPostgres,
);

/** Several processes on one port. */
export function gatehouseWithWorkers(store: "sqlite" | "postgres", workers: number): Contender {
  const open = store === "sqlite" ? async (folder: string) => onSqlite(folder) : onPostgres;
  return gatehouse(`gatehouse-${store}`, "several processes on one port", open, workers);
}

/** For comparison with itself: as shipped, or with neither audit trail nor traces nor metrics. */
export const gatehouseWatched = (database: "sqlite" | "postgres", isWatched: boolean): Contender =>
  gatehouse(
    `gatehouse-${database}`,
    "for comparison with itself",
    async (folder) => (database === "sqlite" ? onSqlite(folder) : onPostgres()),
    1,
    { METRICS_LISTEN: isWatched ? "127.0.0.1:0" : "off" },
    isWatched ? [] : [join(import.meta.dirname, "../unwatched.mjs")],
  );
