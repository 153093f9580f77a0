import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

/*
 * An authenticator in software, and the browser around it: makes passkeys and signs with them as WebAuthn
 * Level 3 says, and says anything else a test wants it to say.
 */

/** What an attacker may have it say otherwise than it is. */
export interface Lies {
  /** Of the page it believes it is on. */
  readonly origin?: string;
  /** What it hashes in place of the RP ID. */
  readonly rpId?: string;
  readonly type?: string;
  readonly challenge?: string;
  readonly crossOrigin?: unknown;
  readonly topOrigin?: unknown;
  readonly userPresent?: boolean;
  readonly userVerified?: boolean;
  readonly backupEligible?: boolean;
  readonly backedUp?: boolean;
  readonly counter?: number;
  /** `undefined` as a value: none is sent. */
  readonly userHandle?: string | undefined;
  /** Of the credential, base64url. */
  readonly id?: string;
  /** True: the signature is over something else. */
  readonly badSignature?: boolean;
  readonly attestation?: Buffer;
}

interface Credential {
  readonly id: string;
  readonly userHandle: string;
  readonly privateKey: KeyObject;
  readonly publicKey: Buffer;
}

interface Making {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface Signing {
  readonly challenge: string;
  readonly rpId: string;
}

export class SoftwareAuthenticator {
  readonly credentials: Credential[] = [];
  readonly #origin: string;
  readonly #synchronises: boolean;
  /** Of the last signature; stays 0 in one that does not count. */
  counter: number;

  /**
   * @param origin of the page the browser shows
   * @param options `counts`: it counts signatures; `synchronises`: its passkeys are copied between devices
   */
  constructor(origin: string, { counts = true, synchronises = false } = {}) {
    this.#origin = origin;
    this.#synchronises = synchronises;
    this.counter = counts ? 1 : 0;
  }

  /** The answer to `navigator.credentials.create` with these options (JSON), as the script sends it. */
  make(options: string, lies: Lies = {}): string {
    const { challenge, rp, user } = JSON.parse(options) as Making;
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const id = lies.id ?? randomBytes(32).toString("base64url");
    const { x = "", y = "" } = publicKey.export({ format: "jwk" });
    const cose = cbor(
      new Map<number, CborValue>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, "base64url")],
        [-3, Buffer.from(y, "base64url")],
      ]),
    );
    this.credentials.push({ id, userHandle: user.id, privateKey, publicKey: cose });
    const idBytes = Buffer.from(id, "base64url");
    const attested = Buffer.concat([Buffer.alloc(16), uint16(idBytes.length), idBytes, cose]);
    const authData = this.#authenticatorData(rp.id, lies, attested);
    const attestationObject =
      lies.attestation ??
      cbor(
        new Map<string, CborValue>([
          ["fmt", "none"],
          ["attStmt", new Map()],
          ["authData", authData],
        ]),
      );
    return JSON.stringify({
      id,
      rawId: id,
      type: "public-key",
      response: {
        clientDataJSON: this.#clientData("webauthn.create", challenge, lies).toString("base64url"),
        attestationObject: attestationObject.toString("base64url"),
      },
    });
  }

  /** The answer to `navigator.credentials.get`, by the passkey made last, unless another is named. */
  sign(options: string, lies: Lies = {}, credential = this.credentials.at(-1)): string {
    if (credential === undefined) throw new Error("the authenticator has no passkey");
    const { challenge, rpId } = JSON.parse(options) as Signing;
    if (this.counter > 0 && lies.counter === undefined) this.counter += 1;
    const authenticatorData = this.#authenticatorData(rpId, lies);
    const clientData = this.#clientData("webauthn.get", challenge, lies);
    const signed = Buffer.concat([authenticatorData, createHash("sha256").update(clientData).digest()]);
    if (lies.badSignature) signed.writeUInt8(signed.readUInt8(0) ^ 1, 0);
    const id = lies.id ?? credential.id;
    const userHandle = "userHandle" in lies ? lies.userHandle : credential.userHandle;
    return JSON.stringify({
      id,
      rawId: id,
      type: "public-key",
      response: {
        clientDataJSON: clientData.toString("base64url"),
        authenticatorData: authenticatorData.toString("base64url"),
        signature: sign("sha256", signed, credential.privateKey).toString("base64url"),
        ...(userHandle === undefined ? {} : { userHandle }),
      },
    });
  }

  #clientData(type: string, challenge: string, lies: Lies): Buffer {
    const { origin = this.#origin, crossOrigin = false, topOrigin } = lies;
    const data = { type: lies.type ?? type, challenge: lies.challenge ?? challenge, origin, crossOrigin };
    return Buffer.from(JSON.stringify({ ...data, ...(topOrigin === undefined ? {} : { topOrigin }) }));
  }

  #authenticatorData(rpId: string, lies: Lies, attested = Buffer.alloc(0)): Buffer {
    const { userPresent = true, userVerified = true, counter = this.counter } = lies;
    const { backupEligible = this.#synchronises, backedUp = this.#synchronises } = lies;
    const flags =
      (userPresent ? 1 : 0) |
      (userVerified ? 4 : 0) |
      (backupEligible ? 8 : 0) |
      (backedUp ? 16 : 0) |
      (attested.length > 0 ? 64 : 0);
    const head = Buffer.alloc(5);
    head.writeUInt8(flags, 0);
    head.writeUInt32BE(counter, 1);
    const hash = createHash("sha256")
      .update(lies.rpId ?? rpId)
      .digest();
    return Buffer.concat([hash, head, attested]);
  }
}

type CborValue = number | string | Buffer | readonly CborValue[] | ReadonlyMap<string | number, CborValue>;

/** As much of CBOR (RFC 8949) as attestations are made of. */
export function cbor(value: CborValue): Buffer {
  if (typeof value === "number") return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
  if (typeof value === "string")
    return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (Buffer.isBuffer(value)) return Buffer.concat([cborHead(2, value.length), value]);
  if (Array.isArray(value)) return Buffer.concat([cborHead(4, value.length), ...value.map(cbor)]);
  const entries = [...(value as ReadonlyMap<string | number, CborValue>)];
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat().map(cbor)]);
}

function cborHead(major: number, count: number): Buffer {
  const type = major << 5;
  if (count < 24) return Buffer.from([type | count]);
  if (count < 256) return Buffer.from([type | 24, count]);
  return Buffer.concat([Buffer.from([type | 25]), uint16(count)]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}
