import type { ErrorPage, WayBack } from "../oauth/messages/page.ts";
import type { Reason, ReasonKey, ReasonOf, Reset } from "../oauth/reason.ts";
import { type Brand, whomToAsk } from "./brand.ts";
import { type Html, html } from "./html.ts";
import type { Explanation, Explanations, Words } from "./words.ts";

/** What happened, what to do, and what to tell the operator. */
export function errorPage(page: ErrorPage, words: Words, brand: Brand): { title: string; content: Html } {
  const { continueTo, reason } = page;
  const { title, explanation } = explain(words.reasons, reason);
  return {
    title,
    content: html`<h1>${title}</h1>
<p>${explanation}</p>
${remedies(reason, words)}
${continueTo && wayBack(continueTo, words)}
<dl class="facts">
${whomToAsk(brand, words)}
<div><dt>${words.error.reference}</dt><dd><code>${page.reference}</code></dd></div>
${page.detail !== undefined && html`<div><dt>${words.error.forDeveloper}</dt><dd><code lang="en">${page.detail}</code></dd></div>`}
</dl>`,
  };
}

export function explain<K extends ReasonKey>(explanations: Explanations, reason: ReasonOf<K>): Explanation {
  return explanations[reason.key](reason);
}

/** One click that takes the error to the app; where that is, is said of a stranger (B20, Z05). */
function wayBack({ uri, host, isVouched }: WayBack, { error }: Words): Html {
  if (isVouched)
    return html`<p><a class="continue" href="${uri}" rel="noopener noreferrer nofollow">${error.back}</a></p>`;
  return html`<p>${error.addressUnvouched}</p>
<p><a class="continue" href="${uri}" rel="noopener noreferrer nofollow">${error.goBackTo({ host: html`<bdi>${host}</bdi>` })}</a></p>`;
}

/** What to do in the app, or in each app that it may be. */
function remedies(reason: Reason, words: Words): Html[] {
  switch (reason.key) {
    case "forgottenApp":
      return [remedy(reason.app, words)];
    case "unknownApp":
      return reason.apps.map((app) =>
        remedy(app, words, html`<h2>${words.error.ifItIs({ app: app.name })}</h2>`),
      );
    default:
      return [];
  }
}

function remedy({ name, command }: Reset, words: Words, heading?: Html): Html {
  return html`<section class="remedy">
${heading}
<p>${words.resets[name]}</p>
${command !== undefined && html`<pre><code>${command}</code></pre>`}
</section>`;
}
