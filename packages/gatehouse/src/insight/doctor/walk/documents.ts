import { z } from "zod";
import type { Received } from "./wire.ts";

/*
 * The documents by which clients find their way, as a stranger wrote them.
 */

/** RFC 9728, as far as clients use it. */
export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers?: readonly string[] | undefined;
  readonly scopes_supported?: readonly string[] | undefined;
}

/** RFC 8414, as far as clients use it. */
export interface ServerMetadata {
  readonly issuer?: string | undefined;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
  readonly registration_endpoint?: string | undefined;
  readonly revocation_endpoint?: string | undefined;
  readonly scopes_supported?: readonly string[] | undefined;
  readonly response_types_supported?: readonly string[] | undefined;
  readonly code_challenge_methods_supported?: readonly string[] | undefined;
  readonly token_endpoint_auth_methods_supported?: readonly string[] | undefined;
  readonly client_id_metadata_document_supported?: boolean | undefined;
}

const strings = z.array(z.string());
/** What the SDKs take for an address: any but those that run something. */
const address = z
  .string()
  .refine((url) => URL.canParse(url) && !/^(?:javascript|data|vbscript):$/.test(new URL(url).protocol), {
    error: ({ input }) => `${String(input)} is no address of a server`,
  });

const resourceSchema = z.looseObject({
  resource: z.string().refine((url) => URL.canParse(url), "is no URL"),
  authorization_servers: z.array(address).optional(),
  scopes_supported: strings.optional(),
});

const serverSchema = z.looseObject({
  issuer: z.string().optional(),
  authorization_endpoint: address,
  token_endpoint: address,
  registration_endpoint: address.optional(),
  revocation_endpoint: address.optional(),
  scopes_supported: strings.optional(),
  response_types_supported: strings.optional(),
  code_challenge_methods_supported: strings.optional(),
  token_endpoint_auth_methods_supported: strings.optional(),
  client_id_metadata_document_supported: z.boolean().optional(),
});

/** What the TypeScript SDK insists on. */
const strictSchema = serverSchema.extend({ issuer: z.string(), response_types_supported: strings });
const strictOpenIdSchema = strictSchema.extend({
  jwks_uri: address,
  subject_types_supported: strings,
  id_token_signing_alg_values_supported: strings,
});

/** The document, or what is wrong with it, as the middle of a sentence. */
export type Read<T> = { readonly document: T } | { readonly wrong: string };

export function readResourceMetadata(received: Received): Read<ResourceMetadata> {
  return read(received, resourceSchema);
}

export function readServerMetadata(received: Received, strict: boolean): Read<ServerMetadata> {
  const isOpenId = received.url.includes("/openid-configuration");
  return read(received, strict ? (isOpenId ? strictOpenIdSchema : strictSchema) : serverSchema);
}

function read<T>({ url, headers, text }: Received, schema: z.ZodType<T>): Read<T> {
  const parsed = parseJson(text);
  if (parsed === undefined) {
    const type = headers["content-type"]?.split(";")[0];
    return { wrong: `${url} is ${type === "text/html" ? "a web page (HTML)" : "no JSON"}` };
  }
  const result = schema.safeParse(parsed.value);
  if (result.success) return { document: result.data };
  const [issue] = result.error.issues;
  return { wrong: `${url}: ${issue?.path.join(".") || "the document"}: ${issue?.message}` };
}

/** `undefined`: no JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

const maxScopes = 100;

/**
 * What is odd about a document whoever reads it: endpoints that are no https, what drives a terminal, scopes
 * by the thousand.
 */
export function oddities(url: string, document: ResourceMetadata | ServerMetadata): string[] {
  const found: string[] = [];
  for (const [name, value] of Object.entries(document)) {
    if (typeof value === "string" && /_(?:endpoint|uri)$|^issuer$/.test(name) && !isServerUrl(value))
      found.push(`${url}: ${name} is ${value.slice(0, 100)}, which is neither https nor on this computer`);
    if (
      /[\p{Cc}\p{Cf}]/u.test(JSON.stringify(value)?.replace(/\\u00[01][0-9a-f]|\\[bfnrt]/gi, "\u0000") ?? "")
    )
      found.push(`${url}: ${name} holds characters that drive a terminal`);
  }
  const scopes = document.scopes_supported?.length ?? 0;
  if (scopes > maxScopes) found.push(`${url} lists ${scopes} scopes, and some clients ask for every one`);
  return found;
}

function isServerUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1", "[::1]"].includes(hostname))
  );
}
