import type { Shape } from "./shape.ts";

/** A realm with a group mapper ("Full group path" on). */
export const keycloak: Shape = {
  preset: "keycloak",
  sources: ["Keycloak Server Administration Guide: OIDC token and SAML assertion mappings"],
  fromMemory: ["sid in the ID token of a code flow"],
  path: "/realms/acme",
  sub: "5f0e2d52-6a4f-4f0c-8d0e-4f1c0f7c8a11",
  idToken: {
    typ: "ID",
    sid: "0b1c2d3e-session",
    acr: "1",
    email_verified: true,
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    groups: ["/eng/backend", "/admins"],
  },
  about: (clientId) => ({ azp: clientId }),
  userinfo: {
    email_verified: true,
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    groups: ["/eng/backend", "/admins"],
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "5f0e2d52-6a4f-4f0c-8d0e-4f1c0f7c8a11",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["/eng/backend", "/admins"],
    sid: "0b1c2d3e-session",
  },
};
