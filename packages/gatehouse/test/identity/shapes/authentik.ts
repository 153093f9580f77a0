import type { Shape } from "./shape.ts";

/** With a property mapping of the scope `email` that says `email_verified: true`; the stock one says no. */
export const authentik: Shape = {
  preset: "authentik",
  sources: ["authentik: OAuth2/OpenID provider, Property mappings", "authentik release notes 2025.10"],
  fromMemory: ["the slash at the end of the issuer", "the hash as sub", "groups in the scope profile"],
  path: "/application/o/gatehouse/",
  sub: "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184",
  idToken: {
    acr: "goauthentik.io/providers/oauth2/default",
    email: "ada@corp.example",
    email_verified: true,
    name: "Ada Lovelace",
    preferred_username: "ada",
    nickname: "ada",
    groups: ["authentik Admins", "eng"],
  },
  userinfo: {
    email: "ada@corp.example",
    email_verified: true,
    name: "Ada Lovelace",
    preferred_username: "ada",
    groups: ["authentik Admins", "eng"],
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["authentik Admins", "eng"],
  },
};
