import type { ResourceScope } from "../oauth/records.ts";
import type { ResourceIdentifier } from "../oauth/values.ts";

/** An MCP server behind the door, as the operator describes it. */
export interface ProtectedServer {
  /** How the operator calls it, `[a-z0-9-]{1,32}`: in the log, in metrics, on the command line. */
  readonly name: string;
  /** What people see it called. */
  readonly title: string | undefined;
  /** Its address at the door, which is the resource that tokens are bound to. */
  readonly address: ResourceIdentifier;
  readonly backend: HttpBackendSettings | StdioBackendSettings;
  readonly scopes: readonly ResourceScope[];
  /** What every request needs, and what methods need that the door does not know. */
  readonly baseScopes: readonly string[];
  readonly permissions: Permissions;
  /** What lists show: everything, what the person can get now or by step-up, or what they have. */
  readonly list: "all" | "obtainable" | "granted";
  readonly identityHeaders: IdentityHeaders;
  /** Whether each request carries a signed, short-lived statement of who calls. */
  readonly assertion: boolean;
  /** Origins of web pages that may call, besides the door's own and this computer. `null` only if listed. */
  readonly origins: readonly string[];
  readonly limits: CallLimits;
  /** Arguments of tools that stand in the audit log, by tool; of all others none does. */
  readonly auditedArguments: Readonly<Record<string, readonly string[]>>;
  /** Seconds after which a call ends whose token has expired meanwhile. */
  readonly maxCallSeconds: number;
  /** Seconds of silence after which an event stream gets a comment line; 0: never. */
  readonly keepAliveSeconds: number;
}

export interface HttpBackendSettings {
  readonly kind: "http";
  /** `http:` or `https:`, without credentials and fragment. */
  readonly url: URL;
  /** A Unix socket to connect to in the place of the URL's host. */
  readonly socketPath: string | undefined;
  /** Certificates of authorities trusted beside the public ones, as PEM. */
  readonly authorities: readonly string[];
  /** True: it gets the client's `Host` in the place of its own. */
  readonly keepsHost: boolean;
  /** Header fields it wants as credentials of its own, by name. Never logged. */
  readonly credentials: Readonly<Record<string, string>>;
  readonly timeouts: BackendTimeouts;
}

export interface BackendTimeouts {
  /** All in milliseconds. */
  readonly connectMs: number;
  readonly firstByteMs: number;
  /** Between two pieces of an answer that is no event stream. */
  readonly silenceMs: number;
}

export interface StdioBackendSettings {
  readonly kind: "stdio";
  /** Program and arguments as they are: no shell. */
  readonly command: readonly [string, ...string[]];
  /** Working folder; `undefined`: the server's own. */
  readonly folder: string | undefined;
  /** The few variables of this process that every child gets: `inheritedEnvironment`. */
  readonly inherited: Readonly<Record<string, string>>;
  /** Variables besides them. Values may be secrets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Who shares a child. */
  readonly per: "session" | "person" | "process";
  readonly maxChildren: number;
  readonly maxChildrenPerPerson: number;
  readonly idleSeconds: number;
  readonly firstAnswerMs: number;
}

/** Which scope a tool, a resource's URI, or a prompt needs: exact names and patterns with `*`. */
export type ScopeRules = Readonly<Record<string, string>>;

/** `undefined`: nothing is asked beyond the base scopes. */
export interface Permissions {
  readonly tools: ScopeRules | undefined;
  readonly resources: ScopeRules | undefined;
  readonly prompts: ScopeRules | undefined;
}

/** What can be told of whoever calls. */
export const identityFields = ["subject", "email", "name", "groups", "client", "scope"] as const;
export type IdentityField = (typeof identityFields)[number];

/** The header that each stands in; `undefined`: it is not told. */
export type IdentityHeaders = Readonly<Record<IdentityField, string | undefined>>;

export const defaultIdentityHeaders: IdentityHeaders = {
  subject: "X-Gatehouse-Subject",
  email: "X-Gatehouse-Email",
  name: "X-Gatehouse-Name",
  groups: "X-Gatehouse-Groups",
  client: "X-Gatehouse-Client",
  scope: "X-Gatehouse-Scope",
};

/** Calls of one person in a minute; `undefined`: no limit. */
export interface CallLimits {
  readonly callsPerMinute: number | undefined;
  /** By tool. */
  readonly tools: Readonly<Record<string, number>>;
}
