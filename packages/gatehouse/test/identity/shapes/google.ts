import type { Shape } from "./shape.ts";

/** A Workspace account. */
export const google: Shape = {
  preset: "google",
  sources: ["Google: OpenID Connect, Obtain user information from the ID token"],
  path: "",
  metadata: () => ({ code_challenge_methods_supported: ["plain", "S256"] }),
  sub: "110169484474386276334",
  idToken: {
    hd: "corp.example",
    email: "ada@corp.example",
    email_verified: true,
    name: "Ada Lovelace",
    given_name: "Ada",
    family_name: "Lovelace",
    picture: "https://lh3.googleusercontent.com/a/picture",
  },
  about: (clientId) => ({ azp: clientId }),
  userinfo: {
    name: "Ada Lovelace",
    email: "ada@corp.example",
    email_verified: true,
    hd: "corp.example",
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "110169484474386276334",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: [],
  },
};
