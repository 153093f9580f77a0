import { catalogues, type Language } from "./language.ts";

/** The languages a mail can be written in. */
export const mailLanguages = Object.keys(catalogues) as Language[];

/** What somebody is sent who is invited. @param expiresAt seconds since 1970 */
export function invitationMail(
  { link, expiresAt }: { readonly link: string; readonly expiresAt: number },
  language: Language,
): { readonly subject: string; readonly text: string } {
  const { mail: words } = catalogues[language];
  const { host } = new URL(link);
  return {
    subject: words.invitationSubject({ host }),
    text: words.invitation({ host, link, until: new Date(expiresAt * 1000) }),
  };
}
