import { defaultIdentityHeaders, identityFields } from "../../gateway/protected-server.ts";
import { quote } from "../config-errors.ts";
import type { Path } from "../yaml-tree.ts";
import type { ConfiguredServer } from "./server-schema.ts";

const folded = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Fields that mean something to HTTP, to MCP, or to the door itself. */
const reserved =
  /^(?:host|connection|keepalive|proxyconnection|te|trailer|transferencoding|contentlength|contenttype|contentencoding|upgrade|expect|forwarded|via|xforwarded.*|accept|origin|cookie|lasteventid|mcp.*)$/;

/** What cannot be among the header fields that a server gets. */
export function checkFields(
  server: ConfiguredServer,
  tell: (path: Path, found: string, expected: string) => void,
): void {
  const taken = new Map<string, string>();
  for (const field of identityFields) {
    const given = server.identity?.[field];
    const header = given ?? defaultIdentityHeaders[field];
    if (given === false || header === undefined || header === false) continue;
    const key = folded(header);
    if (reserved.test(key) || key === "authorization") {
      tell(["identity", field], quote(header), "a header field of the server's own, such as X-User");
    }
    const other = taken.get(key);
    if (other !== undefined) tell(["identity", field], quote(header), `another header than for ${other}`);
    taken.set(key, field);
  }
  const credentials = new Set<string>();
  for (const header of Object.keys(server.credentials ?? {})) {
    const key = folded(header);
    const path = ["credentials", header];
    if (reserved.test(key) && key !== "cookie") {
      tell(path, "a value for it", "a field in which servers want credentials, such as Authorization");
    }
    if (taken.has(key)) tell(path, "a value for it", `another field than that of identity.${taken.get(key)}`);
    if (credentials.has(key)) tell(path, "it for the second time", "each header field once");
    credentials.add(key);
  }
}
