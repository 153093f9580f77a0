import { askForJson, type JsonAnswer } from "./json-answer.ts";
import type { Protection } from "./options.ts";

export type IssuerMetadata = NonNullable<JsonAnswer["json"]>;

/** Fetches the issuer's metadata (RFC 8414 §3). Throws when there is no usable answer. */
export async function fetchIssuerMetadata({
  issuer,
  timeoutSeconds,
}: Pick<Protection, "issuer" | "timeoutSeconds">): Promise<IssuerMetadata> {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname.replace(/\/$/, "");
  const url = `${origin}/.well-known/oauth-authorization-server${path}`;
  const { status, json } = await askForJson(url, {}, AbortSignal.timeout(timeoutSeconds * 1000));
  if (status !== 200 || json === undefined) throw new Error(`${url} answered ${status} and no metadata`);
  // RFC 8414 §3.3: identical, or the document is somebody else's.
  if (json.issuer !== issuer) {
    throw new Error(
      `${url} speaks for issuer ${JSON.stringify(json.issuer)}, but this server was given "${issuer}"`,
    );
  }
  return json;
}
