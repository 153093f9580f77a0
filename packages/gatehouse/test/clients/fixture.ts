import {
  clientAt,
  type McpClient,
  type NamedScopes,
  type PublishesDocument,
  resourcesBy,
  scopeBy,
  type WasGivenSecret,
} from "../../src/insight/doctor/walk/client.ts";
import { type Looks, metadataUrls } from "../../src/insight/doctor/walk/looks.ts";

/*
 * What one MCP client puts on the wire here: its record in `src/insight/doctor/walk/clients/` says how it
 * chooses, a fixture what comes of it at this server.
 */

/** The MCP server that clients are pointed at, and the resource configured here, for most of them. */
export const mcpServer = "https://notes.example.com/mcp";

/** What is named there, and listed here. */
const ownScopes: NamedScopes = { resource: "mcp", server: ["offline_access"] };

/** Parameters as they are sent; a list repeats one. */
export type SentParameters = Readonly<Record<string, string | readonly string[]>>;

/** Registers dynamically, RFC 7591. */
interface RegistersItself {
  readonly by: "registration";
  /** The body, to the letter, for the redirect URI it is about to use. */
  readonly metadata: (callback: string) => Readonly<Record<string, unknown>>;
  readonly keeps: boolean;
}

export interface ClientFixture
  extends Pick<McpClient, "name" | "headers" | "callbacks" | "stateLength" | "authenticates" | "revocation"> {
  /** The MCP server it is pointed at, where that matters. */
  readonly mcpServer?: string;
  /**
   * Where it looks for the server's metadata, in this order. Nowhere: it takes `/authorize`, `/token` and
   * `/register` at the origin.
   */
  readonly discovery: {
    readonly paths: readonly string[];
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly identity: RegistersItself | PublishesDocument | WasGivenSecret;
  /** Besides `response_type`, `client_id`, `redirect_uri` and PKCE, which everybody sends. */
  readonly authorization: SentParameters;
  /** Besides the code and what belongs to it. */
  readonly redemption: SentParameters;
  /** Absent: it never refreshes. */
  readonly refresh?: {
    /** Besides the refresh token. */
    readonly parameters: SentParameters;
    /** Seconds of life left to the access token when it refreshes; 0: once it was refused. */
    readonly early: number;
  };
}

/** What is particular to the server that one is pointed at. */
export interface Pointed {
  readonly mcpServer?: string;
  /** What that server's metadata call it, if it is not its address. */
  readonly published?: string;
  /** Of an authorization server that is not ours: the scopes it lists. */
  readonly listed?: readonly string[];
  /** Finds no metadata, and makes up the endpoints. */
  readonly guesses?: true;
}

/** The client at this server. */
export function fixtureOf(record: McpClient, pointed: Pointed = {}): ClientFixture {
  const address = pointed.mcpServer ?? mcpServer;
  const scopes = pointed.listed === undefined ? ownScopes : { ...ownScopes, server: pointed.listed };
  const { looks, asks, revision, refresh, ...client } = clientAt(record, address);
  const { identity } = client;
  const resources = resourcesBy(asks.resource, address, pointed.published ?? address);
  const resource = {
    ...(resources.length > 0 && { resource: resources.length > 1 ? resources : (resources[0] ?? "") }),
    ...(asks.audience && { audience: address }),
  };
  const scope = scopeBy(asks.scope, scopes);
  const asksOffline = scope?.split(" ").includes("offline_access");
  const refreshScope = refresh?.scope === "resource" ? scopes.resource : refresh?.scope && scope;
  return {
    ...client,
    ...(pointed.mcpServer !== undefined && { mcpServer: pointed.mcpServer }),
    discovery: {
      paths: pointed.guesses ? [] : pathsOf(looks),
      ...(revision !== undefined && { headers: { "mcp-protocol-version": revision } }),
    },
    identity: identity.by === "registration" ? { ...identity, metadata: bodyOf(identity, scopes) } : identity,
    authorization: {
      ...(scope !== undefined && { scope }),
      ...(asks.consentToOffline && asksOffline && { prompt: "consent" }),
      ...resource,
    },
    redemption: resource,
    ...(refresh && {
      refresh: {
        parameters: {
          ...(refreshScope !== undefined && { scope: refreshScope }),
          ...(refresh.sendsResource && resource),
        },
        early: refresh.early,
      },
    }),
  };
}

/** For an issuer without a path. */
function pathsOf({ places }: Looks): string[] {
  return metadataUrls("https://issuer.example", places).map((url) => new URL(url).pathname);
}

function bodyOf(
  { metadata, scope: rule }: Extract<McpClient["identity"], { by: "registration" }>,
  scopes: NamedScopes,
) {
  const scope = scopeBy(rule ?? "none", scopes);
  return (callback: string) => ({ ...metadata(callback), ...(scope !== undefined && { scope }) });
}
