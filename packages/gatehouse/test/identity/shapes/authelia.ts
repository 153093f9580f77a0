import type { Shape } from "./shape.ts";

/** Nothing about the person stands in the ID token, unless a `claims_policy` puts it back. */
export const authelia: Shape = {
  preset: "authelia",
  sources: ["Authelia: OpenID Connect 1.0 Claims"],
  path: "",
  scopes: ["groups"],
  metadata: () => ({ token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post"] }),
  sub: "9ef7a0e2-77c5-4ce5-9f0c-0f6f6f7c2d8a",
  idToken: { amr: ["pwd", "otp"], auth_time: 1_790_000_000 },
  about: (clientId) => ({ azp: clientId }),
  userinfo: {
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    email_verified: true,
    alt_emails: ["countess@corp.example"],
    groups: ["admins", "dev"],
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "9ef7a0e2-77c5-4ce5-9f0c-0f6f6f7c2d8a",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["admins", "dev"],
  },
};
