import type { Shape } from "./shape.ts";

export const pocketId: Shape = {
  preset: "pocket-id",
  sources: ["Pocket ID: Custom claims", "Pocket ID: Groups"],
  path: "",
  scopes: ["groups"],
  sub: "c2c2a4cb-0b6c-4a40-8f73-1b2c8b6c91f0",
  idToken: {
    type: "id-token",
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    email_verified: true,
    groups: ["admins"],
  },
  userinfo: {
    name: "Ada Lovelace",
    preferred_username: "ada",
    email: "ada@corp.example",
    email_verified: true,
    groups: ["admins"],
  },
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person: {
    subject: "c2c2a4cb-0b6c-4a40-8f73-1b2c8b6c91f0",
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["admins"],
  },
};
