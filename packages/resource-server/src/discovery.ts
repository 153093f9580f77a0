import { cached } from "./cached.ts";
import { fetchIssuerMetadata } from "./issuer-metadata.ts";
import { isHttpUrl, isSecure, type Protection } from "./options.ts";

const believedFor = 3600;

/**
 * Finds the introspection endpoint in the issuer's metadata, and believes it for an hour. The function
 * rejects when there is no usable answer.
 */
export function createDiscovery(
  protection: Pick<Protection, "issuer" | "timeoutSeconds" | "clock">,
): () => Promise<string> {
  return cached(believedFor, protection.clock, async () => {
    const { introspection_endpoint: endpoint } = await fetchIssuerMetadata(protection);
    if (!isHttpUrl(endpoint) || !isSecure(endpoint)) {
      throw new Error(`the metadata of ${protection.issuer} name no usable introspection_endpoint`);
    }
    return endpoint;
  });
}
