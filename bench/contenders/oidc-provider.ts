import {
  exchangeCodes,
  introspectLive,
  introspectUnknown,
  readMetadata,
  refresh,
  register,
} from "../peers/requests.ts";
import { startInMemory, startOnFile } from "../peers/start.ts";
import type { Contender, Plan } from "./contender.ts";

const discovery = "/.well-known/openid-configuration";

const workloadsOf = (plan: Plan) => ({
  metadata: readMetadata(discovery),
  introspect: introspectLive("/token/introspection", plan.tokens),
  garbage: introspectUnknown("/token/introspection"),
  refresh: refresh("/token"),
  code: exchangeCodes("/token", plan.codes),
  register: register("/reg"),
});

const always = [
  "tokens are stored as they are, not hashed",
  "introspection authenticates a confidential client by `client_secret_basic`, whose secret is in the configuration, and reads the token's grant besides the token",
  "metadata is the discovery document of OpenID Connect, which is longer",
  "registration issues no registration access token, and nothing is logged",
];

export const oidcProvider: Contender = {
  name: "oidc-provider",
  notes: [
    "everything is in Maps in the memory of the process and gone when it ends; nothing is written to a disk, and nothing is removed when it expires",
    ...always,
    "started empty for the time to start, for it fills its memory before it listens",
  ],
  start: (plan) =>
    startInMemory({ script: "oidc-provider.ts", path: discovery, workloads: workloadsOf(plan) }, plan),
};

export const oidcProviderOnSqlite: Contender = {
  name: "oidc-provider-sqlite",
  notes: [
    "the same with an adapter of the bench over `node:sqlite`: every write is flushed to the disk before it is answered, and those of one turn of the event loop share a commit, as ours do",
    "nothing is removed when it expires, and no registration is ever removed",
    ...always,
  ],
  start: (plan) =>
    startOnFile({ script: "oidc-provider-sqlite.ts", path: discovery, workloads: workloadsOf(plan) }, plan),
};
