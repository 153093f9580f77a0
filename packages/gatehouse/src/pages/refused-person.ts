import type { RefusedPersonPage } from "../oauth/messages/page.ts";
import { shownAccount } from "./account.ts";
import { type Brand, whomToAsk } from "./brand.ts";
import { explain } from "./error.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** Why a person may not go on with the account they used, whom to ask, and the two ways on (V62). */
export function refusedPersonPage(
  page: RefusedPersonPage,
  words: Words,
  brand: Brand,
): { title: string; content: Html } {
  const { refusedPerson } = words;
  const { title, explanation } = explain(words.reasons, page.reason);
  return {
    title,
    content: html`<p class="step">${refusedPerson.step}</p>
<h1>${title}</h1>
<p>${explanation}</p>
<dl class="facts">
${page.account !== undefined && html`<div><dt>${refusedPerson.account}</dt><dd>${shownAccount(page.account, words)}</dd></div>`}
${page.provider !== undefined && html`<div><dt>${refusedPerson.provider}</dt><dd><bdi>${page.provider}</bdi></dd></div>`}
${whomToAsk(brand, words)}
</dl>
<form method="post" action="${page.action}">
<input type="hidden" name="transaction" value="${page.transaction}">
<input type="hidden" name="csrf" value="${page.csrf}">
${page.strangersHost !== undefined && html`<p>${words.error.addressUnvouched} <bdi>${page.strangersHost}</bdi></p>`}
<div class="choices">
<button class="approve" name="decision" value="another_account">${page.account === undefined ? refusedPerson.tryAgain : refusedPerson.anotherAccount}</button>
<button class="deny" name="decision" value="leave">${refusedPerson.back}</button>
</div>
</form>
<p class="aside">${words.error.reference}: <code>${page.reference}</code></p>`,
  };
}
