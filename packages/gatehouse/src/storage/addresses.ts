/** An address as its holder is looked up by it: in lower case, since case alone tells no two people apart. */
export function addressKey(email: string): string {
  return email.toLowerCase();
}
