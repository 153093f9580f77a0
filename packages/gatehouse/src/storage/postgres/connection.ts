import type { ClientConfig } from "pg";
import { columnTypes } from "./column-types.ts";

export interface ConnectionOptions {
  /** `postgres://…`, with whatever it says about TLS. */
  readonly url: string;
  /** Connections at most; 10 when left out. */
  readonly poolSize?: number;
  /**
   * Milliseconds within which every operation has answered, waiting for a connection and trying again
   * included; 5000 when left out.
   */
  readonly statementTimeout?: number;
  /** Milliseconds a new connection may take; 5000 when left out. */
  readonly connectTimeout?: number;
}

export function connectionSettings({ url, connectTimeout = 5000 }: ConnectionOptions) {
  return {
    connectionString: url,
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
    types: columnTypes,
    fallback_application_name: "gatehouse",
  } satisfies ClientConfig & { fallback_application_name: string };
}

/** What a connection is told first: how it prints instants, and when to give up. */
export function setUpStatement(limits: Readonly<Record<string, number>>): string {
  const bounds = Object.entries(limits).map(([name, milliseconds]) => `; set ${name} = ${milliseconds}`);
  return `set time zone 'UTC'; set datestyle = 'ISO'${bounds.join("")}`;
}
