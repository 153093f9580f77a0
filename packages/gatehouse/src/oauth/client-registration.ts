import { z } from "zod";
import { OAuthError } from "./errors.ts";
import { grantTypes as supportedGrantTypes } from "./grants/registry.ts";
import type { Client, ClientMetadata, Resource } from "./records.ts";
import { checkRedirectUri, describeRedirectUri } from "./redirect-uri.ts";
import { offlineAccess, parseScope } from "./scope.ts";

/*
 * What a client may say of itself (RFC 7591 §2). Unknown members are ignored (H10), empty ones count as absent, unsupported grant and response
 * types are dropped as long as something usable is left (H09); a bad redirect URI refuses the whole (H06).
 */

const text = z
  .string()
  .transform((value) => value.slice(0, 200) || undefined)
  .optional();
const httpsUrl = z
  .union([z.literal("").transform(() => undefined), z.url({ protocol: /^https$/ }).max(2048)])
  .optional();
const names = z.array(z.string().max(200)).max(50).optional();
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const publicKey = z
  .record(z.string(), z.unknown())
  .refine((key) => !privateMembers.some((member) => member in key), "must hold public keys only"); // H11

const metadataSchema = z.object({
  redirect_uris: z.unknown().optional(),
  token_endpoint_auth_method: z.string().max(200).optional(),
  grant_types: names,
  response_types: names,
  scope: z.string().max(4096).optional(),
  application_type: z.string().max(200).optional(),
  client_name: text,
  client_uri: httpsUrl,
  logo_uri: httpsUrl,
  policy_uri: httpsUrl,
  tos_uri: httpsUrl,
  jwks_uri: httpsUrl,
  jwks: z.object({ keys: z.array(publicKey).max(20) }).optional(),
  contacts: names,
  software_id: text,
  software_version: text,
});

/** What of a registration this server will enforce. */
export interface ClientRegistration {
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly scope: string | undefined;
  readonly metadata: ClientMetadata;
}

/**
 * Validates the body of a registration request. Every client that registers itself becomes a public one, whatever method it asks for: the
 * response says so (H03). Throws `invalid_client_metadata` or `invalid_redirect_uri`.
 */
export function parseRegistration(
  body: string | undefined,
  resources: readonly Resource[],
): ClientRegistration {
  const parsed = metadataSchema.safeParse(parseObject(body));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidMetadata(`${issue?.path.join(".")}: ${issue?.message}`);
  }
  const sent = parsed.data;
  if (sent.jwks !== undefined && sent.jwks_uri !== undefined) {
    throw invalidMetadata("jwks and jwks_uri exclude each other");
  }
  if (sent.token_endpoint_auth_method === "private_key_jwt" && !sent.jwks && !sent.jwks_uri) {
    throw invalidMetadata("private_key_jwt needs jwks or jwks_uri");
  }
  const redirectUris = parseRedirectUris(sent.redirect_uris);
  return {
    redirectUris,
    grantTypes: usableGrantTypes(sent.grant_types, sent.response_types),
    scope: usableScope(sent.scope, resources),
    metadata: withoutAbsent({
      name: sent.client_name,
      uri: sent.client_uri,
      logoUri: sent.logo_uri,
      policyUri: sent.policy_uri,
      termsUri: sent.tos_uri,
      applicationType: applicationType(sent.application_type, redirectUris),
      contacts: sent.contacts?.length ? sent.contacts : undefined,
      softwareId: sent.software_id,
      softwareVersion: sent.software_version,
    }),
  };
}

/** The client information response, RFC 7591 §3.2.1: all that was registered, nothing empty (H02). */
export function describeRegistration(client: Client): Record<string, unknown> {
  const { metadata } = client;
  return withoutAbsent({
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    client_name: metadata.name,
    client_uri: metadata.uri,
    logo_uri: metadata.logoUri,
    policy_uri: metadata.policyUri,
    tos_uri: metadata.termsUri,
    contacts: metadata.contacts,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    application_type: metadata.applicationType,
    redirect_uris: client.redirectUris,
    grant_types: client.grantTypes,
    response_types: ["code"],
    token_endpoint_auth_method: client.authMethod,
    scope: client.scope,
  });
}

function parseObject(body: string | undefined): unknown {
  if (body === undefined) throw invalidMetadata("expected application/json"); // H01
  try {
    return JSON.parse(body);
  } catch {
    throw invalidMetadata("malformed JSON");
  }
}

function parseRedirectUris(value: unknown): string[] {
  const uris = z.array(z.string()).min(1).max(20).safeParse(value);
  if (!uris.success) {
    throw new OAuthError("invalid_redirect_uri", { hint: "redirect_uris must be a list of 1 to 20 strings" }); // H05
  }
  for (const uri of uris.data) {
    const problem = checkRedirectUri(uri);
    if (problem !== undefined) {
      throw new OAuthError("invalid_redirect_uri", { hint: `${uri.slice(0, 200)}: ${problem}` });
    }
  }
  return uris.data;
}

/** H03, H08, H09: documents describe a client for every server it meets; what is left must still be a code client. */
function usableGrantTypes(grantTypes = ["authorization_code"], responseTypes = ["code"]): string[] {
  const usable = [...new Set(grantTypes)].filter((name) => supportedGrantTypes.has(name));
  if (!usable.includes("authorization_code") || !responseTypes.includes("code")) {
    throw invalidMetadata(
      "only clients with grant type authorization_code and response type code can register",
    );
  }
  return usable;
}

/** H15: cut to what the configured resources know; everything, as long as none of them says what it knows. */
function usableScope(scope: string | undefined, resources: readonly Resource[]): string | undefined {
  const asked = parseScope(scope ?? "");
  const known = resources.flatMap((resource) => resource.scopes.map(({ name }) => name));
  const usable =
    known.length === 0 ? asked : asked.filter((token) => token === offlineAccess || known.includes(token));
  return usable.join(" ") || undefined;
}

/** Many clients leave it out; a loopback or private-use redirect URI gives a native one away (H07). */
function applicationType(sent: string | undefined, redirectUris: readonly string[]): "web" | "native" {
  if (sent === "web" || sent === "native") return sent;
  return redirectUris.some((uri) => describeRedirectUri(uri).kind !== "web") ? "native" : "web";
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}

function invalidMetadata(hint: string): OAuthError {
  return new OAuthError("invalid_client_metadata", { hint });
}
