import { canonicalResource } from "../../oauth/resource.ts";
import type { ResourceIdentifier } from "../../oauth/values.ts";
import type { Values } from "../environment-variables.ts";

/** Where a server is reached: below the issuer's origin, or at a host of its own on the same port. */
export interface ServerPlace {
  readonly path?: string | undefined;
  readonly host?: string | undefined;
}

export const defaultPath = "/mcp";

/** The address at the door, which is the resource that tokens are bound to. */
export function serverAddress(issuer: string, { path = defaultPath, host }: ServerPlace): ResourceIdentifier {
  const { origin, protocol, port } = new URL(issuer);
  if (host === undefined) return canonicalResource(origin + path);
  const hasPort = /:\d+$/.test(host);
  return canonicalResource(`${protocol}//${host}${hasPort || port === "" ? "" : `:${port}`}${path}`);
}

/** The issuer that these settings come to, as far as they could be read. */
export const issuerOf = ({ BASE_URL: base, PORT: port = 8080 }: Partial<Values>) =>
  base?.issuer ?? `http://localhost:${port}`;
