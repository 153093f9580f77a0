import {
  exchangeCodes,
  introspectLive,
  introspectUnknown,
  readMetadata,
  refresh,
  register,
} from "../peers/requests.ts";
import { startOnFile } from "../peers/start.ts";
import type { Contender } from "./contender.ts";

const base = "/api/auth";
const metadata = `/.well-known/oauth-authorization-server${base}`;

export const betterAuth: Contender = {
  name: "better-auth",
  notes: [
    "better-auth 1.7.7, the newest that its OAuth provider plugin 1.7.5 accepts beside it",
    "on SQLite in a file through node:sqlite, opened as Gatehouse opens its own, so each commit is on the disk before it is answered; but a refresh or code exchange is several commits",
    "tokens, codes and client secrets are stored hashed by SHA-256",
    "the tokens asked for are opaque, which it issues only where no resource was asked for, and are introspected by the client they were issued to, for no other may: it authenticates by `client_secret_basic` and is cached as a trusted client",
    "introspection also reads the session and the user of a token; the tokens are spread over 10000 people",
    "defaults as shipped, but for the rate limits and the log, which are off, and registration, which is open to anybody",
  ],
  start: (plan) =>
    startOnFile(
      {
        script: "better-auth.ts",
        path: metadata,
        workloads: {
          metadata: readMetadata(metadata),
          introspect: introspectLive(`${base}/oauth2/introspect`, plan.tokens),
          garbage: introspectUnknown(`${base}/oauth2/introspect`),
          refresh: refresh(`${base}/oauth2/token`),
          code: exchangeCodes(`${base}/oauth2/token`, plan.codes),
          register: register(`${base}/oauth2/register`),
        },
      },
      plan,
    ),
};
