import {
  exchangeCodes,
  introspectLive,
  introspectUnknown,
  readMetadata,
  refresh,
  register,
} from "../peers/requests.ts";
import { startInMemory } from "../peers/start.ts";
import type { Contender } from "./contender.ts";

const discovery = "/.well-known/openid-configuration";

export const oidcProvider: Contender = {
  name: "oidc-provider",
  notes: [
    "everything is in Maps in the memory of the process and gone when it ends; nothing is written to a disk, and nothing is removed when it expires",
    "tokens are stored as they are, not hashed",
    "introspection authenticates a confidential client by `client_secret_basic`, whose secret is in the configuration, and reads the token's grant besides the token",
    "metadata is the discovery document of OpenID Connect, which is longer",
    "registration issues no registration access token, and nothing is logged",
    "started empty for the time to start, for it fills its memory before it listens",
  ],
  start: (plan) =>
    startInMemory(
      {
        script: "oidc-provider.ts",
        path: discovery,
        workloads: {
          metadata: readMetadata(discovery),
          introspect: introspectLive("/token/introspection", plan.tokens),
          garbage: introspectUnknown("/token/introspection"),
          refresh: refresh("/token"),
          code: exchangeCodes("/token", plan.codes),
          register: register("/reg"),
        },
      },
      plan,
    ),
};
