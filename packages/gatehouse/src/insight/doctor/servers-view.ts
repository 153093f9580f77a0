import type { Check } from "../../oauth/ports.ts";

/** What the running server says of itself and of a request that doctor sent it through `BASE_URL` (Z10). */
export interface ServersView {
  readonly version: string;
  /** Tells one running process from another: `web-1/4242`. */
  readonly instance: string;
  /** The address the request counts for, after trusted proxies. */
  readonly address: string;
  /** Whose connection it was: the proxy's, where there is one. */
  readonly peer: string;
  readonly host: string;
  readonly path: string;
  /** `X-Forwarded-For` and what else proxies add, by name in lower case. */
  readonly forwarding: Readonly<Record<string, string>>;
  /** The cookie that it had set before, where it came back. */
  readonly cookie: string | undefined;
  /** How it stands with what it needs, as in `/readyz` on its own computer. */
  readonly checks: readonly Check[];
  readonly configuration: {
    readonly fingerprint: string;
    readonly file: string | undefined;
    readonly hash: string | undefined;
  };
  /** What becomes of events there. */
  readonly audit: {
    readonly waiting: number;
    readonly lost: number;
    readonly sinks: readonly { readonly name: string; readonly waiting: number; readonly dropped: number }[];
  };
  /** What tells the keys apart that it knows of each identity provider, by their names. */
  readonly providerKeys: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Which database file it has open; `undefined`: the database is no file. */
  readonly databaseFile: string | undefined;
}
