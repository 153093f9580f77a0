import type { ShownAccount } from "../oauth/messages/page.ts";
import { shorten } from "../oauth/text.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** Characters of a name that somebody chose for themselves: enough to know it by, too few to say much. */
const nameLength = 64;

/** Whose account it is: the address, which is proven, and the name beside it, which is not. */
export function shownAccount({ email, name }: ShownAccount, { account: words }: Words): Html {
  const shown = name && html`<bdi>${shorten(name, nameLength)}</bdi>`;
  if (!email) return html`<strong>${shown || words.withoutAddress}</strong>`;
  return html`<strong><bdi>${email}</bdi></strong>${shown && html` <span class="name-of">${shown}</span>`}`;
}
