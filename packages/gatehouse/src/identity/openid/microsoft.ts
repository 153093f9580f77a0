import type { JWTPayload } from "jose";
import type { IssuerRule } from "./issuer.ts";
import { refusedToken, show } from "./refusal.ts";

/*
 * Microsoft Entra: what no setting of a provider describes. One application may serve several tenants, each
 * an issuer of its own with its own people; and `sub` is another one for each application.
 */

const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export const tenantPlaceholder = "{tenantid}";

/**
 * V24, V25. A tenant named by its domain has a GUID in its issuer, at the same host; the metadata of several
 * tenants has a placeholder there.
 * @param discovered `https://host/<tenant>/v2.0`, as `microsoftIssuer` makes it
 * @param tenants GUIDs in lower case; `undefined`: the one of `discovered`
 */
export function microsoftIssuers(discovered: string, tenants: readonly string[] | undefined): IssuerRule {
  const { origin, pathname } = new URL(discovered);
  const named = pathname.split("/")[1] ?? "";
  const issuerOf = (tenant: string) => `${origin}/${tenant}/v2.0`;
  const tenantIn = (issuer: string): string | undefined => {
    const tenant = issuer.slice(origin.length + 1, -"/v2.0".length);
    return issuer === issuerOf(tenant) && guid.test(tenant) ? tenant : undefined;
  };
  const allowed = (ofMetadata: string): readonly string[] => tenants ?? [tenantIn(ofMetadata) ?? named];
  return {
    acceptsMetadata(found) {
      if (tenants !== undefined) return found === issuerOf(tenantPlaceholder);
      return guid.test(named) ? found === issuerOf(named) : tenantIn(found) !== undefined;
    },
    acceptsAnswer: (issuer, ofMetadata) => allowed(ofMetadata).map(issuerOf).includes(issuer),
    ofToken({ iss, tid }, ofMetadata, ofKeys) {
      const tenant = tenantOf(tid);
      if (!allowed(ofMetadata).includes(tenant)) {
        throw refusedToken(`tid is ${show(tid)}, which is none of the tenants whose accounts may sign in`);
      }
      const issuer = issuerOf(tenant);
      if (iss !== issuer) {
        const old = typeof iss === "string" && /^https:\/\/sts\.windows\.net\//.test(iss);
        const advice = old ? ": that is a token of version 1.0, which this server never asks for" : "";
        throw refusedToken(`iss is ${show(iss)}, expected ${issuer}${advice}`);
      }
      checkKeys(issuer, tenant, ofKeys, tenants !== undefined);
      return issuer;
    },
  };
}

function tenantOf(tid: unknown): string {
  if (typeof tid === "string" && guid.test(tid)) return tid;
  const why =
    tid === undefined ? "it has no tid: is the scope profile asked for?" : `tid is ${show(tid)}, no GUID`;
  throw refusedToken(why);
}

/**
 * V25: of the many keys at a place for several tenants each says whose tokens it may sign, or that it may
 * sign everybody's. Where there is one tenant, a key may be silent.
 */
function checkKeys(issuer: string, tenant: string, ofKeys: readonly unknown[], required: boolean): void {
  const fits = (ofKey: unknown) =>
    ofKey === undefined
      ? !required
      : typeof ofKey === "string" && ofKey.replace(tenantPlaceholder, tenant) === issuer;
  if (ofKeys.length > 0 && ofKeys.every(fits)) return;
  throw refusedToken(
    `the key that signed it is for tokens of ${show(ofKeys[0])}, not for those of ${issuer} (the key's member issuer)`,
  );
}

/** V26: `oid`, never `sub`, which another application of the same company would not recognize. */
export function microsoftSubject({ oid }: JWTPayload): string {
  if (typeof oid === "string" && /^[\x21-\x7E]{1,255}$/.test(oid)) return oid;
  const why = oid === undefined ? "it has no oid: is the scope profile asked for?" : `oid is ${show(oid)}`;
  throw refusedToken(why);
}

/** V26: documented as a Boolean, and seen as both texts. */
export function provesDomainOwner(edov: unknown): boolean {
  return edov === true || edov === "1" || edov === "true";
}

/**
 * V28: whether an account belongs to somebody of another organisation, whose addresses this tenant says
 * nothing of. `acct` and `idp` are optional claims; a guest's user principal name says it as well.
 */
export function isGuest({ acct, idp, iss, tid, upn, preferred_username: username }: JWTPayload): boolean {
  if (acct !== undefined && acct !== 0 && acct !== "0") return true;
  if (idp !== undefined && idp !== iss && idp !== `https://sts.windows.net/${String(tid)}/`) return true;
  return [upn, username].some((name) => typeof name === "string" && /#ext#/i.test(name));
}

/** Whether a token tells a guest from a member at all. */
export function saysWhetherGuest({ acct, idp }: JWTPayload): boolean {
  return acct !== undefined || idp !== undefined;
}
