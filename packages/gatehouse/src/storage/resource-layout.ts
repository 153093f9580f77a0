import type { Resource, ResourceClaim } from "../oauth/records.ts";
import type { ResourceIdentifier, SecretHash } from "../oauth/values.ts";
import { readDeclared, writeDeclared } from "./declared-layout.ts";
import { jsonOrNull, layout } from "./layout.ts";

export const resources = layout(
  (column): Resource => {
    const identifier = column.text<ResourceIdentifier>("identifier");
    const name = column.optionalText("name");
    const scopes = column
      .json<{ name: string; sentence?: string; isDefault?: true; isOptional?: true }[]>("scopes")
      .map(({ name, sentence, isDefault, isOptional }) => ({
        name,
        sentence,
        ...(isDefault && { isDefault }),
        ...(isOptional && { isOptional }),
      }));
    const createdAt = column.instant("created_at");
    const hash = column.optionalText<SecretHash>("previous_credential_hash");
    const until = column.instant("previous_credential_until");
    const previousCredential = hash && { hash, until };
    const claims = column.optionalJson<ResourceClaim[]>("claims");
    const declared = readDeclared(column);
    return {
      identifier,
      name,
      scopes,
      createdAt,
      ...(claims?.length && { claims }),
      ...(declared && { declared }),
      ...(previousCredential && { previousCredential }),
    };
  },
  ({ identifier, name = null, scopes, createdAt, claims, declared, previousCredential }, { instant }) => ({
    identifier,
    name,
    scopes: JSON.stringify(scopes),
    claims: jsonOrNull(claims),
    ...writeDeclared(declared, instant),
    created_at: instant(createdAt),
    previous_credential_hash: previousCredential?.hash ?? null,
    previous_credential_until: previousCredential === undefined ? null : instant(previousCredential.until),
  }),
);
