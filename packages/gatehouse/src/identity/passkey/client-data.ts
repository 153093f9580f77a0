import { z } from "zod";
import { readJsonObject } from "../../oauth/messages/json-object.ts";

/** Why an authenticator's answer is not taken; for the log. */
export class PasskeyRefusal extends Error {
  override readonly name = "PasskeyRefusal";
}

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
/** 1,023 bytes, the longest that a credential id may be (WebAuthn §7.1). */
const credentialId = base64url.max(1364);

const common = { id: credentialId, rawId: credentialId, type: z.literal("public-key") };

const registrationAnswer = z.object({
  ...common,
  response: z.object({ clientDataJSON: base64url, attestationObject: base64url }),
});

const assertionAnswer = z.object({
  ...common,
  response: z.object({
    clientDataJSON: base64url,
    authenticatorData: base64url,
    signature: base64url,
    userHandle: base64url.optional(),
  }),
});

/** What a browser answers for a new passkey (WebAuthn `RegistrationResponseJSON`), as far as we read it. */
export type RegistrationAnswer = z.infer<typeof registrationAnswer>;
/** What a browser answers for one that signed (`AuthenticationResponseJSON`), as far as we read it. */
export type AssertionAnswer = z.infer<typeof assertionAnswer>;

/** @throws PasskeyRefusal */
export const readRegistration = (text: string | undefined): RegistrationAnswer =>
  read(text, registrationAnswer);
/** @throws PasskeyRefusal */
export const readAssertion = (text: string | undefined): AssertionAnswer => read(text, assertionAnswer);

function read<T>(text: string | undefined, schema: z.ZodType<T>): T {
  const parsed = readJsonObject(text ?? "");
  if ("problem" in parsed) throw new PasskeyRefusal(`the answer is no JSON: ${parsed.problem}`);
  const result = schema.safeParse(parsed.object);
  if (result.success) return result.data;
  const where = result.error.issues.map(({ path }) => path.join(".") || "the whole").join(", ");
  throw new PasskeyRefusal(`the answer has not the shape it should have: ${where}`);
}

/** What the browser says that it did. */
export interface ClientData {
  readonly type: unknown;
  readonly challenge: string;
  readonly origin: unknown;
  readonly crossOrigin: unknown;
  readonly topOrigin: unknown;
}

/** @throws PasskeyRefusal */
export function readClientData({ clientDataJSON }: { readonly clientDataJSON: string }): ClientData {
  const parsed = readJsonObject(Buffer.from(clientDataJSON, "base64url").toString("utf8"));
  if ("problem" in parsed) throw new PasskeyRefusal(`the client data is no JSON: ${parsed.problem}`);
  const { type, challenge, origin, crossOrigin, topOrigin } = parsed.object;
  if (typeof challenge !== "string") throw new PasskeyRefusal("the client data names no challenge");
  return { type, challenge, origin, crossOrigin, topOrigin };
}

/**
 * The browser must have asked on our own page, at exactly our origin, in no frame. The library says nothing
 * of frames when a passkey is made, and lets `crossOrigin` without `topOrigin` pass when one signs (V65,
 * V66).
 * @throws PasskeyRefusal
 */
export function checkClientData(
  { type, origin, crossOrigin, topOrigin }: ClientData,
  expected: { readonly type: "webauthn.create" | "webauthn.get"; readonly origin: string },
): void {
  if (type !== expected.type) throw new PasskeyRefusal(`its type is not ${expected.type}`);
  if (origin !== expected.origin) {
    throw new PasskeyRefusal(`it was made at ${JSON.stringify(origin)}, not at ${expected.origin}`);
  }
  if (crossOrigin !== undefined && crossOrigin !== false) throw new PasskeyRefusal("it was made in a frame");
  if (topOrigin !== undefined) throw new PasskeyRefusal("it was made in a frame of another origin");
}
