import { z } from "zod";
import { isGrantTypeName } from "../grant-types.ts";
import { OAuthError } from "../messages/errors.ts";
import type { ClientKeys, ClientMetadata } from "../records.ts";
import { checkRedirectUri, describeRedirectUri } from "../redirects/redirect-uri.ts";
import { shorten } from "../text.ts";

/*
 * What a client may say of itself (RFC 7591 §2), in a registration request or in its client ID metadata
 * document. Unknown members are ignored (H10), empty ones count as absent, unsupported grant and response
 * types are dropped as long as something usable is left (H09, I16); a bad redirect URI refuses the whole
 * (H06).
 */

/** Asymmetric algorithms of client assertions (A10): never `none`, never one with a shared secret. */
export const assertionAlgorithms = ["RS256", "PS256", "ES256", "ES384", "EdDSA"];

/** Keys in a set. With an assertion that names none of them, each that could be it is tried. */
export const maxKeys = 10;
/** Characters of base64url: of a modulus of 4096 bits, and of an exponent of 32. */
const maxRsaLengths = { n: 683, e: 6 };

/**
 * Q13. Whether it takes no time that counts to verify with a key: strangers choose it. Other kinds have their
 * sizes by their curve.
 */
export function isCheap(key: Readonly<Record<string, unknown>>): boolean {
  const { kty, n = "", e = "" } = key;
  return kty !== "RSA" || (String(n).length <= maxRsaLengths.n && String(e).length <= maxRsaLengths.e);
}

const text = z
  .string()
  .transform((value) => shorten(value, 200) || undefined)
  .optional();
const httpsUrl = z
  .union([z.literal("").transform(() => undefined), z.url({ protocol: /^https$/ }).max(2048)])
  .optional();
const names = z.array(z.string().max(200)).max(50).optional();
const privateMembers = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/** H11, I15, Q13. */
const publicKey = z
  .looseObject({ kty: z.enum(["RSA", "EC", "OKP"]) })
  .refine((key) => !privateMembers.some((member) => member in key), "must hold public keys only")
  .refine(isCheap, "must be an RSA key of at most 4096 bits with a usual exponent");
const keySet = z.object({ keys: z.array(publicKey).max(maxKeys) });

const schema = z.object({
  redirect_uris: z.unknown().optional(),
  token_endpoint_auth_method: text,
  token_endpoint_auth_methods_supported: names,
  token_endpoint_auth_signing_alg: z
    .union([z.literal("").transform(() => undefined), z.enum(assertionAlgorithms)])
    .optional(),
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
  jwks: keySet.optional(),
  contacts: names,
  software_id: text,
  software_version: text,
});

/** What a client said, checked; which authentication method it gets is for the caller to say. */
export interface DescribedClient {
  readonly redirectUris: readonly string[];
  readonly grantTypes: readonly string[];
  readonly scope: string | undefined;
  /** The method it asks for, if any. */
  readonly authMethod: string | undefined;
  /** Methods it can do besides. */
  readonly otherAuthMethods: readonly string[];
  readonly keys: ClientKeys | undefined;
  readonly metadata: ClientMetadata;
}

/** Throws `invalid_client_metadata` or `invalid_redirect_uri`. */
export function readClientMetadata(value: unknown): DescribedClient {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalidMetadata(`${issue?.path.join(".") || "metadata"}: ${issue?.message}`);
  }
  const sent = parsed.data;
  const redirectUris = readRedirectUris(sent.redirect_uris);
  return {
    redirectUris,
    grantTypes: usableGrantTypes(sent.grant_types, sent.response_types),
    scope: sent.scope,
    authMethod: sent.token_endpoint_auth_method,
    otherAuthMethods: sent.token_endpoint_auth_methods_supported ?? [],
    keys: readKeys(sent),
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

/** Reads a key set as published at a `jwks_uri`. Throws `invalid_client_metadata`. */
export function readKeySet(value: unknown): NonNullable<ClientKeys["jwks"]> {
  const parsed = keySet.safeParse(value);
  if (!parsed.success) throw invalidMetadata("jwks_uri does not hold a set of public keys");
  return parsed.data;
}

const redirectUriList = z.array(z.string()).min(1).max(20);

function readRedirectUris(value: unknown): string[] {
  const uris = redirectUriList.safeParse(value);
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

/**
 * H03, H08, H09: documents describe a client for every server it meets; what is left must still be a code
 * client.
 */
function usableGrantTypes(grantTypes = ["authorization_code"], responseTypes = ["code"]): string[] {
  const usable = [...new Set(grantTypes)].filter(isGrantTypeName);
  if (!usable.includes("authorization_code") || !responseTypes.includes("code")) {
    throw invalidMetadata(
      "only clients with grant type authorization_code and response type code can register",
    );
  }
  return usable;
}

function readKeys(sent: z.output<typeof schema>): ClientKeys | undefined {
  const { jwks, jwks_uri: uri, token_endpoint_auth_signing_alg: algorithm } = sent;
  if (jwks !== undefined && uri !== undefined) throw invalidMetadata("jwks and jwks_uri exclude each other"); // H11
  if (jwks === undefined && uri === undefined) {
    if (sent.token_endpoint_auth_method !== "private_key_jwt") return undefined;
    throw invalidMetadata("private_key_jwt needs jwks or jwks_uri"); // H11
  }
  return withoutAbsent({ jwks, uri, algorithm });
}

/** Many clients leave it out; a loopback or private-use redirect URI gives a native one away (H07). */
function applicationType(sent: string | undefined, redirectUris: readonly string[]): "web" | "native" {
  if (sent === "web" || sent === "native") return sent;
  return redirectUris.some((uri) => describeRedirectUri(uri).kind !== "web") ? "native" : "web";
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

export function withoutAbsent<T extends object>(value: T): Present<T> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Present<T>;
}

export function invalidMetadata(hint: string): OAuthError {
  return new OAuthError("invalid_client_metadata", { hint });
}
