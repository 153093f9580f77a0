import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { createClientDocuments } from "../../src/client-documents/client-documents.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startGatehouse } from "../../src/gatehouse.ts";
import { providersOf } from "../../src/identity/providers.ts";
import type { Access, Clock, IdentityProvider } from "../../src/oauth/ports.ts";
import type { Client } from "../../src/oauth/records.ts";
import { canonicalResource } from "../../src/oauth/resource.ts";
import type { Store } from "../../src/oauth/store.ts";
import { resourceCredentialPrefix } from "../../src/oauth/tokens/prefixes.ts";
import { hashSecret, mintSecret } from "../../src/oauth/tokens/secret.ts";
import { type ClientId, type Seconds, seconds } from "../../src/oauth/values.ts";
import { openStore } from "../../src/start/store.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { anyDatabaseUrl } from "./database.ts";
import { freePort } from "./free-port.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

/**
 * A clock that stands still until it is moved; begins at the real time, because the identity provider's
 * tokens do.
 */
export class StandingClock implements Clock {
  #now = Math.floor(Date.now() / 1000);
  now(): Seconds {
    return seconds(this.#now);
  }
  advance(by: number): void {
    this.#now += by;
  }
}

export interface TestGatehouse {
  readonly issuer: string;
  /** Where it really listens: the issuer, unless the test gave it another `BASE_URL`. */
  readonly url: string;
  readonly clock: StandingClock;
  readonly store: Store;
  readonly upstream: Upstream;
  readonly introspectionToken: string;
  /** What it was configured with, for a command beside it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Every line logged so far, as text. */
  readonly log: readonly string[];
  /** Provisions a resource and returns its introspection credential. */
  addResource(identifier: string, scopes?: Readonly<Record<string, string>>): Promise<string>;
  /** Provisions an operator's client. */
  addClient(
    client: Partial<Omit<Client, "id">> & { readonly id: string; readonly secret?: string },
  ): Promise<Client>;
  /** What was told to whoever started it, and no log. */
  readonly announced: readonly string[];
  /** As a changed gatehouse.yaml does at SIGHUP. @throws ConfigError */
  reload(yaml: string): Promise<void>;
  stop(): Promise<void>;
}

/**
 * The whole server as `gatehouse serve` would run it, configured through the environment like the real one,
 * on a free loopback port and an in-memory database, with `oidc-provider` upstream. Stop it in an `after`
 * hook.
 * @param access the rules in force, in place of those of a file
 * @param makeProviders in place of `upstream`, where several are needed
 * @param mode `dev`: as `gatehouse dev` does, which fetches clients' documents from this computer too
 */
export async function startTestGatehouse(
  environment: Record<string, string> = {},
  mode: "serve" | "dev" = "serve",
  access?: () => Access | undefined,
  makeProviders?: (issuer: string) => Promise<readonly IdentityProvider[]>,
): Promise<TestGatehouse> {
  const port = await freePort();
  const issuer = environment.BASE_URL ?? `http://localhost:${port}`;
  const upstream = await startUpstream({
    redirectUris: [`${issuer}/callback`],
    anyPort: true, // another server on the same database may sign in the same people
    logoutUri: `${issuer}/backchannel-logout/default`,
  });
  const introspectionToken = "the-operators-introspection-token";
  const complete = {
    PORT: String(port),
    HOST: "127.0.0.1",
    BASE_URL: issuer,
    SQL_URL: environment.SQL_URL ?? (await anyDatabaseUrl()),
    // Of base64url characters alone it would have two readings, which a start derives slowly on purpose.
    SECRET_KEY: "a secret key of the tests of at least 32 characters",
    UPSTREAM_ISSUER: upstream.issuer,
    OAUTH2_CLIENT_ID: upstream.clientId,
    OAUTH2_CLIENT_SECRET: upstream.clientSecret,
    INTROSPECTION_TOKEN: introspectionToken,
    RATE_LIMITS: "off",
    METRICS_LISTEN: "off",
    LOG_LEVEL: "debug",
    ...environment,
  };
  const config = loadConfig({ environment: complete }, mode);
  const log: string[] = [];
  const sink = new Writable({
    write(line, _encoding, done) {
      log.push(String(line));
      done();
    },
  });
  const clock = new StandingClock();
  const store = await openStore(config);
  const logger = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes }, sink);
  // As on a computer without the internet: no name but this computer's own is ever found.
  const documents = createClientDocuments(
    {
      allowLoopback: config.settings.clientDocuments.allowLoopback,
      folder: config.clientDocumentsFolder,
      resolve: (host) => Promise.reject(new Error(`ENOTFOUND ${host}`)),
    },
    clock,
  );
  const announced: string[] = [];
  const running = await startGatehouse(config, logger, {
    announce: (text) => announced.push(text),
    clock,
    store,
    documents,
    ...(access && { access }),
    ...(makeProviders && { providers: providersOf(await makeProviders(issuer)) }),
  }).catch(async (error: unknown) => {
    await upstream.close(); // what nobody can stop any more would keep the test's process alive
    await store.close();
    throw error;
  });
  return {
    issuer,
    url: environment.BASE_URL === undefined ? issuer : `http://127.0.0.1:${port}`,
    clock,
    store,
    announced,
    upstream,
    introspectionToken,
    environment: complete,
    log,
    async addResource(identifier, scopes = {}) {
      const credential = mintSecret({ bytes: randomBytes }, resourceCredentialPrefix);
      const resource = {
        identifier: canonicalResource(identifier),
        name: "Notes",
        scopes: Object.entries(scopes).map(([name, sentence]) => ({ name, sentence })),
        createdAt: clock.now(),
      };
      await store.addResource(resource, hashSecret(credential));
      return credential;
    },
    async addClient({ secret, ...client }) {
      const record: Client = {
        authMethod: "client_secret_post",
        secretHash: secret === undefined ? undefined : hashSecret(secret),
        clearSecret: undefined,
        keys: undefined,
        redirectUris: [],
        grantTypes: ["authorization_code", "refresh_token"],
        scope: undefined,
        metadata: {},
        dynamicallyRegistered: false,
        shared: false,
        createdAt: clock.now(),
        lastUsedAt: undefined,
        ...client,
        id: client.id as ClientId,
      };
      await store.addClient(record);
      return record;
    },
    async reload(yaml) {
      const folder = mkdtempSync(join(tmpdir(), "gatehouse-reload-"));
      try {
        const configPath = join(folder, "gatehouse.yaml");
        writeFileSync(configPath, yaml);
        await running.reload(loadConfig({ environment: complete, configPath }, mode));
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    async stop() {
      await running.stop();
      await upstream.close();
    },
  };
}
