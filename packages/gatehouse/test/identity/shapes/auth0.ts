import type { Shape } from "./shape.ts";

/** The issuer ends in a slash; roles come by an action, under a name that has to be a URL. */
export const auth0: Shape = {
  preset: "auth0",
  sources: ["Auth0: ID token structure", "Auth0: Create custom claims"],
  fromMemory: ["the slash at the end of the issuer", "the form of sub"],
  path: "/",
  sub: "auth0|64b7f1e2a9c3d4e5f6a7b8c9",
  idToken: {
    nickname: "ada",
    name: "Ada Lovelace",
    picture: "https://s.gravatar.com/avatar/x.png",
    updated_at: "2026-11-20T10:00:00.000Z",
    email: "ada@corp.example",
    email_verified: true,
    "https://corp.example/roles": ["editor"],
  },
  userinfo: {
    name: "Ada Lovelace",
    email: "ada@corp.example",
    email_verified: true,
    "https://corp.example/roles": ["editor"],
  },
  options: { domains: ["corp.example"], groupsClaim: "https://corp.example/roles" },
  proof: "email_verified",
  person: {
    subject: "auth0|64b7f1e2a9c3d4e5f6a7b8c9",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["editor"],
  },
};
