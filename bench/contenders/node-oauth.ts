import { exchangeCodes, refresh } from "../peers/requests.ts";
import { startInMemory } from "../peers/start.ts";
import type { Contender } from "./contender.ts";

export const nodeOauth: Contender = {
  name: "node-oauth",
  notes: [
    "@node-oauth/oauth2-server behind node:http without a framework: it is a library and has the token endpoint only, no introspection, metadata or registration",
    "everything is in Maps in the memory of the process and gone when it ends; nothing is written to a disk, and nothing is removed when it expires",
    "tokens are stored as they are, not hashed, and there are no live access tokens but those it issues while it is measured",
    "a refresh token used twice is refused, but what was issued after it stays valid, and nothing is logged",
    "started empty for the time to start, for it fills its memory before it listens",
  ],
  start: (plan) =>
    startInMemory(
      {
        script: "node-oauth.ts",
        path: "/token",
        workloads: { refresh: refresh("/token"), code: exchangeCodes("/token", plan.codes) },
      },
      plan,
    ),
};
