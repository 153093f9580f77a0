import type { Shape } from "./shape.ts";

export const tenant = "1b4cd7a5-1111-4222-8333-0123456789ab";
const oid = "690222be-ff1a-4d56-abd1-7e4f7d38e474";

/** One tenant; the optional claims `email`, `xms_edov` and `acct`, and the groups claim, are configured. */
export const microsoft: Shape = {
  preset: "microsoft",
  sources: [
    "Microsoft: ID token claims reference",
    "Microsoft: Optional claims reference",
    "Microsoft: UserInfo endpoint",
  ],
  fromMemory: ["that its answers do not name it (RFC 9207)"],
  path: `/${tenant}/v2.0`,
  metadata: () => ({
    code_challenge_methods_supported: undefined,
    authorization_response_iss_parameter_supported: undefined,
  }),
  namesItself: false,
  // Another one for each application.
  sub: "rWBpZwqlS1Nn1GO2fVGVQk0sfrHhUxJ6aEGm3HGmHJQ",
  idToken: {
    ver: "2.0",
    tid: tenant,
    oid,
    acct: 0,
    email: "ada@corp.example",
    xms_edov: true,
    name: "Ada Lovelace",
    preferred_username: "ada@corp.example",
    groups: ["02bd9fd6-8f93-4758-87c3-1fb73740a315"],
  },
  userinfo: { name: "Ada Lovelace", given_name: "Ada", email: "ada@corp.example" },
  keyMembers: (issuer) => ({ issuer }),
  options: { domains: ["corp.example"] },
  proof: "xms_edov",
  person: {
    subject: oid,
    email: "ada@corp.example",
    name: "Ada Lovelace",
    groups: ["02bd9fd6-8f93-4758-87c3-1fb73740a315"],
  },
};

const originOf = (issuer: string) => new URL(issuer).origin;
/** The issuer that the metadata for several tenants names, to the letter. */
export const issuerOfTenants = (issuer: string) => `${originOf(issuer)}/{tenantid}/v2.0`;
export const issuerOfTenant = (issuer: string, id = tenant) => `${originOf(issuer)}/${id}/v2.0`;
export const otherTenant = "2b4cd7a5-1111-4222-8333-0123456789ab";

/** Several tenants: one place for all, an issuer for each. */
export const microsoftSeveral: Shape = {
  ...microsoft,
  variant: "several tenants",
  path: "/organizations/v2.0",
  metadata: (issuer) => ({ ...microsoft.metadata?.(issuer), issuer: issuerOfTenants(issuer) }),
  about: (_, issuer) => ({ iss: issuerOfTenant(issuer) }),
  keyMembers: (issuer) => ({ issuer: issuerOfTenants(issuer) }),
  options: { domains: ["corp.example"], tenants: [tenant, otherTenant] },
  issuerOfPerson: (issuer) => issuerOfTenant(issuer),
};
