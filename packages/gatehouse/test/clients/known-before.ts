import { writeFile } from "node:fs/promises";
import { aSigningKey, type SigningKey } from "../support/assertions.ts";
import type { TestGatehouse } from "../support/gatehouse.ts";
import type { ClientFixture } from "./fixture.ts";

/*
 * What has to be there before a client connects for the first time.
 */

/** Writes what the client publishes into a file of pinned documents; keys inline: nothing is fetched here. */
export async function publishDocument(
  { identity }: ClientFixture,
  file: string,
): Promise<SigningKey | undefined> {
  if (identity.by !== "document") return undefined;
  const { jwks_uri, ...document } = identity.document;
  const key = jwks_uri === undefined ? undefined : await aSigningKey("key-1", "RS256");
  const published = key === undefined ? document : { ...document, jwks: key.jwks };
  await writeFile(file, JSON.stringify(published));
  return key;
}

/** Provisions a client that was given its secret by an operator. */
export async function addOperatorsClient(server: TestGatehouse, { identity, callbacks }: ClientFixture) {
  if (identity.by !== "operator") return;
  await server.addClient({
    id: identity.clientId,
    secret: identity.secret,
    authMethod: "client_secret_basic",
    redirectUris: [...new Set(callbacks)],
  });
}
