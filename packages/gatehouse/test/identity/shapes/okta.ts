import type { Shape } from "./shape.ts";

const sub = "00uid4BxXw6I6TV4m0g3";
const person = {
  subject: sub,
  email: "ada@corp.example",
  name: "Ada Lovelace",
  groups: ["Everyone", "Engineering"],
};
const userinfo = {
  name: "Ada Lovelace",
  preferred_username: "ada@corp.example",
  email: "ada@corp.example",
  email_verified: true,
};

/** The org server: by the code flow a thin ID token, and groups by a filter at the application. */
export const okta: Shape = {
  preset: "okta",
  sources: ["Okta: OpenID Connect & OAuth 2.0 API, ID token, /userinfo"],
  path: "",
  scopes: ["groups"],
  sub,
  idToken: { ver: 1, amr: ["pwd"], idp: "00ok1u7AsAkrwdZL3z0g3", groups: ["Everyone", "Engineering"] },
  userinfo,
  options: { domains: ["corp.example"] },
  proof: "email_verified",
  person,
};

/** A custom server, whose groups claim has the name the operator gave it. */
export const oktaCustom: Shape = {
  ...okta,
  variant: "custom server",
  path: "/oauth2/default",
  scopes: [],
  idToken: { ver: 1, amr: ["pwd"], idp: "00ok1u7AsAkrwdZL3z0g3" },
  userinfo: { ...userinfo, teams: ["Everyone", "Engineering"] },
  options: { domains: ["corp.example"], groupsClaim: "teams" },
};
