import type { Identity } from "./ports.ts";
import { hashSecret } from "./tokens/secret.ts";
import type { Subject } from "./values.ts";

/**
 * The person's identifier towards MCP servers: from the provider's (`iss`, `sub`), so that it survives a
 * change of address, and an equal address elsewhere is somebody else (C13). Prefixed, so that it cannot be
 * taken for a client id (T08).
 */
export function subjectOf(identity: Pick<Identity, "issuer" | "subject">): Subject {
  return `user_${hashSecret(JSON.stringify([identity.issuer, identity.subject]))}` as string as Subject;
}
