import type { Shape } from "./shape.ts";

const roles = "urn:zitadel:iam:org:project:roles";

/** The ID token is for every client of the project; roles are an object, and stand in userinfo. */
export const zitadel: Shape = {
  preset: "zitadel",
  sources: ["Zitadel: Claims in Zitadel", "Zitadel: Scopes", "Zitadel: Retrieve User Roles"],
  path: "",
  scopes: ["urn:zitadel:iam:org:projects:roles"],
  sub: "170086824411201793",
  idToken: { amr: ["pwd"], auth_time: 1_790_000_000 },
  about: (clientId) => ({ aud: ["another-client@acme", clientId, "170086305236549889"], azp: clientId }),
  userinfo: {
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    email_verified: true,
    [roles]: {
      admin: { "170084800512688385": "acme.zitadel.cloud" },
      reader: { "170084800512688385": "acme.zitadel.cloud" },
    },
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "170086824411201793",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["admin", "reader"],
  },
};
