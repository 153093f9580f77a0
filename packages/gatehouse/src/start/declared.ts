import { createHash } from "node:crypto";
import type { Config } from "../config/config.ts";
import { scopesOf } from "../config/sections/server-scopes.ts";
import {
  credentialOfNobody,
  type Declarations,
  type DeclaredClient,
  type DeclaredResource,
} from "../oauth/declarations.ts";
import { resourceClaims } from "../oauth/records.ts";
import { hashSecret } from "../oauth/tokens/secret.ts";
import type { ClientId, Seconds } from "../oauth/values.ts";

/** As long as the file says so. */
const always = 4_102_444_800 as Seconds; // 2100

/** The resources and clients that the file declares, as records; of a section that it has not: nothing. */
export function declaredIn(config: Config, now: Seconds): Declarations {
  const { sections, placeOf } = config;
  const place = (section: "resources" | "clients", index: number) =>
    placeOf(section, [index, section === "resources" ? "identifier" : "id"]) ?? section;
  const resources = sections.resources?.map((declared, index): DeclaredResource => {
    const { identifier, name, credential, previous_credential: previous, scopes = [], claims } = declared;
    const credentialHash = hashSecret(credential);
    return {
      identifier,
      name,
      scopes: scopesOf(scopes),
      createdAt: now,
      ...(claims && { claims: resourceClaims.filter((claim) => claims.includes(claim)) }),
      declared: {
        place: place("resources", index),
        fingerprint: fingerprintOf([
          credentialHash,
          ...scopes.map(({ name, default: isDefault, optional }) => [
            name,
            isDefault === true,
            optional === true,
          ]),
        ]),
      },
      ...(previous && { previousCredential: { hash: hashSecret(previous), until: always } }),
      credentialHash,
    };
  });
  const clients = sections.clients?.map((declared, index): DeclaredClient => {
    const { id, name, auth_method: authMethod, secret, redirect_uris: redirectUris } = declared;
    const previous = declared.previous_secret;
    const secretHash = secret === undefined ? undefined : hashSecret(secret);
    return {
      id: id as ClientId,
      authMethod,
      secretHash,
      clearSecret: undefined,
      ...(previous && { previousSecret: { secretHash: hashSecret(previous), until: always } }),
      keys: undefined,
      redirectUris,
      // LEGACY: what client_secret_post clients get is one long-lived token; there is nothing to refresh.
      grantTypes:
        authMethod === "client_secret_post"
          ? ["authorization_code"]
          : ["authorization_code", "refresh_token"],
      scope: undefined,
      metadata: name === undefined ? {} : { name },
      dynamicallyRegistered: false,
      shared: false,
      declared: {
        place: place("clients", index),
        fingerprint: fingerprintOf([authMethod, secretHash, redirectUris]),
      },
      createdAt: now,
      lastUsedAt: undefined,
    };
  });
  const behind = sections.servers && standingBehind(config, now);
  return {
    ...(resources && { resources: { fingerprint: fingerprintOfAll(resources), items: resources } }),
    ...(behind && { servers: { fingerprint: fingerprintOfAll(behind), items: behind } }),
    ...(clients && { clients: { fingerprint: fingerprintOfAll(clients), items: clients } }),
  };
}

/** What stands behind this server, each a resource of its own that asks about no token. */
function standingBehind({ servers, placeOf }: Config, now: Seconds): DeclaredResource[] {
  return servers.map(({ address, title, name, scopes }, index) => ({
    identifier: address,
    name: title ?? name,
    scopes,
    createdAt: now,
    declared: {
      place: `${placeOf("servers", [index, "name"]) ?? "the command line"} (behind this server)`,
      fingerprint: fingerprintOf([
        "server",
        ...scopes.map(({ name, isDefault, isOptional }) => [name, isDefault === true, isOptional === true]),
      ]),
    },
    credentialHash: credentialOfNobody(address),
  }));
}

/** Of all of a kind, in whatever order and wherever they stand. */
function fingerprintOfAll(items: readonly (DeclaredResource | DeclaredClient)[]): string {
  const each = items.map(({ declared, createdAt: _, ...item }) =>
    JSON.stringify([declared.fingerprint, item]),
  );
  return fingerprintOf(each.sort());
}

const fingerprintOf = (content: unknown) =>
  createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12);

/** What stands in the place of a file that declares nothing of a kind. */
export const nothingDeclared = fingerprintOf([]);
