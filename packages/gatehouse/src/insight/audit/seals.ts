import { hash } from "node:crypto";
import type { SealedRecord } from "../../oauth/audit-record.ts";
import type { AuditAddress, AuditHead, AuditSealer, NewAuditChain } from "../../oauth/store/audit.ts";
import { derivedKey } from "../../oauth/tokens/derived-key.ts";
import { mac } from "../../oauth/tokens/mac.ts";
import { keyIdOf, type SecretKey } from "../../oauth/tokens/secret-keys.ts";

/*
 * What the MACs of the audit trail are over (Z17). Each begins with a word for its kind, so that none passes
 * for another. Whoever has the database can change nothing that they are over without the secret key.
 */

/** A key for the audit trail alone. */
export interface AuditKey {
  /** By which chains name it. */
  readonly id: number;
  readonly bytes: Buffer;
}

export function auditKeyOf(key: SecretKey): AuditKey {
  return { id: keyIdOf(key), bytes: derivedKey(key.bytes, "gatehouse audit trail") };
}

/** 128 bits (RFC 2104 §5), as base64url. Without a key no more than a checksum that anybody can make. */
function seal(key: AuditKey | undefined, of: readonly unknown[]): string {
  const message = JSON.stringify(of);
  const made = key === undefined ? hash("sha256", message, "buffer") : mac(key.bytes, message);
  return made.toString("base64url", 0, 16);
}

/**
 * Of a record, and with it of all before it.
 * @param previous the MAC of the one before; empty: it is the first
 */
export function recordMac(
  key: AuditKey | undefined,
  previous: string,
  record: Omit<SealedRecord, "mac">,
): string {
  const { chain, sequence, time, name, outcome, subject, client, resource, grant } = record;
  const { address, reference, body } = record;
  const known = ["record", previous, chain, sequence, time, name, outcome, body];
  return seal(key, [...known, subject, client, resource, grant, address, reference]);
}

/** Of where a chain begins and ends. */
export function headSeal(
  key: AuditKey | undefined,
  { chain, instance, openedAt }: Pick<NewAuditChain, "chain" | "instance" | "openedAt">,
  { sequence, mac: last, time, isEnded }: Omit<AuditHead, "seal">,
): string {
  return seal(key, ["head", chain, instance, openedAt, sequence, last, time, isEnded]);
}

/** What an id of an address vouches for. */
export function addressId(
  key: AuditKey | undefined,
  { salt, address }: Pick<AuditAddress, "salt" | "address">,
): string {
  return seal(key, ["address", salt, address]).slice(0, 16);
}

export function sealerOf(key: AuditKey | undefined): AuditSealer {
  return {
    keyId: key?.id,
    opened: (count) => seal(key, ["opened", count]),
    cut: (chain, sequence, last) => seal(key, ["cut", chain, sequence, last]),
    forgotten: (upTo) => seal(key, ["forgotten", upTo]),
  };
}
