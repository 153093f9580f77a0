import type { AgainView, ConsolePage, QuestionView, SecretView } from "../../oauth/messages/console-page.ts";
import { html } from "../html.ts";
import { type Content, date, fact, foreign, hidden } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

/** Asked before something ends for good: how much that is. */
export function questionPage({ csrf }: ConsolePage, view: QuestionView, words: ConsoleWords): Content {
  const asked = words.questions[view.act];
  return {
    title: asked.title,
    content: html`<h1>${asked.heading({ about: foreign(view.about) })}</h1>
<p><strong>${words.ends({ sessionCount: view.sessions, grantCount: view.grants })}</strong></p>
<p>${asked.explanation}</p>
<form method="post" action="${view.action}">
${hidden("csrf", csrf)}
${Object.entries(view.fields).map(([name, value]) => hidden(name, value))}
<div class="choices">
<button class="approve">${asked.yes}</button>
<a class="continue deny" href="${view.back}">${words.cancel}</a>
</div>
</form>`,
  };
}

/** The person has to show that it is still them. */
export function againPage(view: AgainView, { again: words }: ConsoleWords): Content {
  const { href, within, provenAt, isAct } = view;
  const minutes = Math.round(within / 60);
  return {
    title: words.title,
    content: html`<h1>${words.heading}</h1>
<p>${isAct ? words.toAct({ minutes }) : words.toLook({ minutes })}</p>
${provenAt !== undefined && html`<p class="aside">${words.stale(date(provenAt))}</p>`}
<p class="narrow"><a class="continue" href="${href}" rel="noreferrer">${words.go}</a></p>`,
  };
}

/** What was just made, and is shown never again. */
export function secretPage({ at }: ConsolePage, view: SecretView, { secret: words }: ConsoleWords): Content {
  const of = foreign(view.of);
  return {
    title: words.title,
    content: html`<h1>${view.what === "credential" ? words.credential({ of }) : words.secret({ of })}</h1>
<p><strong>${words.once}</strong></p>
<pre class="secret"><code>${view.secret}</code></pre>
<dl class="facts">${fact(words.usedWith, html`<code>${view.id}</code>`)}</dl>
${view.until !== undefined && html`<p>${words.until(date(view.until))}</p>`}
<p><a class="continue" href="${at}${view.back}">${words.done}</a></p>`,
  };
}
