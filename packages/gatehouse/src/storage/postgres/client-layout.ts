import { readClient } from "../client-layout.ts";
import { layout } from "../layout.ts";

/**
 * Whether the operator provisioned it. LEGACY: rows of public clients that the old service wrote do not say
 * that they registered themselves, so the operator has to vouch for one that did not.
 */
export const provisioned = `not dynamically_registered
  and (vouched or token_endpoint_auth_method <> 'none' or secret > '' or secret_hash is not null)`;

export const clients = layout((column) => {
  // LEGACY: the only one of a client that was provisioned before there could be several.
  const onlyUri = column.filledText("redirect_uri");
  const client = readClient(
    column,
    // The same as `provisioned`.
    ({ dynamicallyRegistered, authMethod, clearSecret, secretHash }) =>
      dynamicallyRegistered ||
      (authMethod === "none" && clearSecret === undefined && secretHash === undefined),
  );
  return client.redirectUris.length > 0 || onlyUri === undefined
    ? client
    : { ...client, redirectUris: [onlyUri] };
});
