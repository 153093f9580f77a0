/**
 * Whether a text can be an e-mail address: one `@` with something on both sides, at most 254 characters (RFC
 * 5321 §4.5.3.1.3), no spaces, and no control, formatting or broken characters, which could show one address
 * and mean another. Nothing finer: only the identity provider knows which addresses exist.
 */
export function isEmailAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@\p{C}]+@[^\s@\p{C}]+$/u.test(text);
}
