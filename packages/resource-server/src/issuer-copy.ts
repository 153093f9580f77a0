import type { Answer } from "./answer.ts";
import { cached } from "./cached.ts";
import { noCopy, noSuchDocument } from "./challenge.ts";
import { fetchIssuerMetadata } from "./issuer-metadata.ts";
import type { Protection } from "./options.ts";
import { publicDocument } from "./public-document.ts";

const cacheSeconds = 300;

/** The issuer's metadata, repeated at this server's origin, for clients that look for them nowhere else. */
export interface IssuerCopy {
  /** `undefined` for every other path. Never rejects. */
  answer(path: string, method: string): Promise<Answer | undefined>;
}

/**
 * The document is the issuer's own, at most five minutes old, and never an older one: what it says of
 * endpoints must hold. Its `issuer` stays what it is, another origin than this one; a client that insists on
 * RFC 8414 §3.3 here cannot be helped.
 */
export function createIssuerCopy(protection: Protection): IssuerCopy {
  const document = cached(cacheSeconds, protection.clock, async () =>
    JSON.stringify(await fetchIssuerMetadata(protection)),
  );
  const served = placesOf("oauth-authorization-server", protection.resource);
  const absent = placesOf("openid-configuration", protection.resource);
  return {
    async answer(path, method) {
      // We are no OpenID provider. A plain 404 tells the client to look on; a challenge would end its search.
      if (absent.has(path)) return noSuchDocument();
      if (!served.has(path)) return undefined;
      try {
        return publicDocument(method, await document());
      } catch (error) {
        protection.onFailure(error instanceof Error ? error : new Error(String(error)));
        return noCopy();
      }
    },
  };
}

/**
 * Where clients look: at the root, with the resource's path behind (RFC 8414 §3.1), and below that path as
 * OpenID Connect has it.
 */
function placesOf(name: string, resource: string): ReadonlySet<string> {
  const path = new URL(resource).pathname.replace(/\/$/, "");
  return new Set([`/.well-known/${name}`, `/.well-known/${name}${path}`, `${path}/.well-known/${name}`]);
}
