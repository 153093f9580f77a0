/** A larger form is refused unread: nobody sends an access token in one (U07). */
export const maxFormBytes = 65_536;

export function isForm(contentType: string | null | undefined): boolean {
  return /^application\/x-www-form-urlencoded\b/i.test(contentType ?? "");
}
