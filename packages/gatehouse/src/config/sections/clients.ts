import { z } from "zod";
import { checkProvisionedRedirect } from "../../oauth/redirects/provisioned-redirect.ts";
import { hasAll, hasNone, isOneOf, where } from "./schema-rules.ts";
import { type Section, secret } from "./section.ts";

const clientSecret = secret(/^[\x21-\x7E]{16,512}$/, "16 to 512 printable characters without spaces");

const client = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._~-]{1,200}$/, "a client id: 1 to 200 letters, digits and . _ ~ -")
    .describe("The client id."),
  name: z.string().regex(/\S/, "a name").optional().describe("What people see it called."),
  auth_method: z
    .enum(["none", "client_secret_basic", "client_secret_post"])
    .describe(
      "How it authenticates; none: a public client, with PKCE; client_secret_post: the contract of the service before Gatehouse.",
    ),
  secret: clientSecret.optional().describe("Its secret; a public client has none."),
  previous_secret: clientSecret
    .optional()
    .describe("The one before, which stays good beside it: to change it without a gap."),
  redirect_uris: z
    .array(z.string().regex(/\S/, "a URI"))
    .min(1)
    .describe("Where it may be answered; those of client_secret_post clients may be patterns."),
});

const clientRules = [
  where(isOneOf("auth_method", ["none"]), hasNone("secret")),
  where(isOneOf("auth_method", ["client_secret_basic", "client_secret_post"]), hasAll("secret")),
  where(hasAll("previous_secret"), hasAll("secret")),
];

export const clientsSchema = z.array(client.meta({ allOf: clientRules }));
export type DeclaredClients = z.output<typeof clientsSchema>;

export const clientsSection: Section<DeclaredClients> = {
  title: "Clients declared in the file",
  meaning:
    "Clients you provision, beside those of `gatehouse clients add`. MCP clients need none of this: they register themselves. What is declared is changed here alone.",
  schema: clientsSchema,
  example: `clients:
  - id: dashboard
    name: Dashboard
    auth_method: client_secret_basic
    secret: { file: /run/secrets/dashboard }
    redirect_uris: ["https://dashboard.example.com/callback"]
`,
  check(clients, { problem, placeOf }) {
    const ids = new Map<string, string>();
    clients.forEach(({ id, auth_method, secret, previous_secret, redirect_uris }, index) => {
      const before = ids.get(id);
      if (before !== undefined) {
        problem([index, "id"], "the same as another", `one that is not at ${before} too`);
      }
      ids.set(id, placeOf([index, "id"]));
      if (auth_method === "none" && secret !== undefined) {
        problem([index, "secret"], "a secret", "none beside auth_method: none");
      }
      if (auth_method !== "none" && secret === undefined) {
        problem([index, "secret"], "nothing", `a secret beside auth_method: ${auth_method}`);
      }
      if (secret === undefined && previous_secret !== undefined) {
        problem([index, "previous_secret"], "a secret", "none without a secret beside it");
      }
      redirect_uris.forEach((uri, at) => {
        const wrong = checkProvisionedRedirect(uri, auth_method);
        if (wrong !== undefined) problem([index, "redirect_uris", at], JSON.stringify(uri), wrong);
      });
    });
  },
};
