import type { Identity } from "./ports.ts";
import { plainText, shorten } from "./text.ts";
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

/** Characters of a name, and of a group's. */
const maxName = 256;

/** What is kept of what a provider says of a person (V23). The name is only shown. */
export function keptOf({ email, name = "", groups }: Identity): Pick<Identity, "email" | "name" | "groups"> {
  const isPlain = (group: string) => group.length <= maxName && plainText(group) === group;
  return {
    email,
    name: shorten(plainText(name), maxName) || undefined,
    // Mending a group's name would make another group of it.
    groups: groups?.every(isPlain) ? groups : undefined,
  };
}
