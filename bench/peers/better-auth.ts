import { existsSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins/jwt";
import { introspector, scope } from "./clients.ts";
import { fromArguments } from "./filling.ts";

const { port, filling, folder } = fromArguments();
const path = join(folder, "better-auth.db");
const isNew = !existsSync(path);

const database = new DatabaseSync(path);
// As Gatehouse opens its own: each commit is on the disk before it is answered.
database.exec("pragma journal_mode = wal; pragma synchronous = full; pragma mmap_size = 2147418112");

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${port}`,
  secret: "a key that signs nothing but what is thrown away afterwards",
  database,
  logger: { disabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [
    jwt(),
    oauthProvider({
      loginPage: "/sign-in",
      consentPage: "/consent",
      scopes: scope.split(" "),
      allowDynamicClientRegistration: true,
      allowUnauthenticatedClientRegistration: true,
      cachedTrustedClients: new Set([introspector]),
    }),
  ],
});

if (isNew) {
  const { fillBetterAuth } = await import("./better-auth-filling.ts");
  await fillBetterAuth(auth.options, path, filling);
}
createServer(toNodeHandler(auth)).listen(port, "127.0.0.1");
