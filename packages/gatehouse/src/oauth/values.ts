/**
 * The values the protocol passes around, branded so that what has been validated cannot be confused with
 * what has not. A brand is put on where a value is proven or made, and by the store where it reads a record
 * back.
 */
declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** Whole seconds: a length of time, or an instant since 1970-01-01T00:00:00Z. */
export type Seconds = Brand<number, "Seconds">;
/** The identifier of a client that exists in the store. */
export type ClientId = Brand<string, "ClientId">;
/** A resource indicator in canonical form (RFC 8707 §2). */
export type ResourceIdentifier = Brand<string, "ResourceIdentifier">;
/** Unpadded base64url of SHA-256 over a high-entropy secret: all that is ever stored of one. */
export type SecretHash = Brand<string, "SecretHash">;
/** A grant's public name: 16 random bytes, base64url. Knowing it gives nothing. */
export type GrantId = Brand<string, "GrantId">;
/**
 * A person, stable and opaque: made from the upstream issuer and its `sub`, never from the e-mail address.
 */
export type Subject = Brand<string, "Subject">;

export const seconds = (value: number): Seconds => Math.floor(value) as Seconds;

/** An instant so many seconds after another. */
export const after = (instant: Seconds, length: Seconds): Seconds => (instant + length) as Seconds;

/** An instant as operators read it: the day and the minute, UTC. */
export function formatInstant(instant: number | undefined): string {
  return instant === undefined
    ? "never"
    : new Date(instant * 1000).toISOString().slice(0, 16).replace("T", " ");
}
