import type { AccessAnswer, AccessView, ConsolePage } from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import { type Content, fact, field, foreign } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function accessPage({ at }: ConsolePage, view: AccessView, words: ConsoleWords): Content {
  const { access: own } = words;
  const { asked, answer, servers } = view;
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<p>${own.explanation}</p>
<form method="get" action="${at}/access" class="many-fields" role="search">
${field(own.person, "person", asked.person, html` required="" maxlength="254"`)}
${field(own.server, "resource", asked.resource, html` required="" maxlength="2048" list="servers"`)}
${field(own.scope, "scope", asked.scope, html` maxlength="2048"`)}
<button>${own.test}</button>
</form>
<datalist id="servers">${servers.map(({ identifier, name }) => html`<option value="${identifier}">${name}</option>`)}</datalist>
${answer !== undefined && ("nothing" in answer ? html`<p class="problem" role="alert" lang="en"><bdi>${answer.nothing}</bdi></p>` : answered(answer, at, words))}`,
  };
}

/** What the rules say is the command's, for every language. */
function answered(answer: AccessAnswer, at: string, words: ConsoleWords): Html {
  const { access: own, person: ofPerson } = words;
  const { person, resource, asked, groups, rules, allowed, verdict, bounds } = answer;
  return html`<section class="part" lang="en">
${verdict.map((line, position) => html`<p><strong class="state ${allowed && position === 0 ? "ok" : "refused"}">${line}</strong></p>`)}
<p>${bounds}</p>
</section>
<dl class="facts">
${fact(words.flows.whose, html`<a href="${at}/person?subject=${encodeURIComponent(person.subject)}">${foreign(person.email || person.upstreamSubject)}</a>`)}
${fact(ofPerson.provider, html`<code>${foreign(person.provider)}</code>`)}
${fact(ofPerson.groups, html`<bdi lang="en">${groups}</bdi>`)}
${fact(words.flows.server, html`<code>${foreign(resource)}</code>`)}
${fact(own.asked, html`<span lang="en">${asked}</span>`)}
</dl>
${rules.map(
  ({ about, none, outcomes }) => html`<section class="part" lang="en"><h2>${about}</h2>
${
  none === undefined
    ? html`<ul class="rows">${outcomes.map(
        ({ outcome, effect, whom, rule }) =>
          html`<li><strong>${outcome}</strong> <span>${effect} <bdi>${whom}</bdi></span> <code>${rule}</code></li>`,
      )}</ul>`
    : html`<p>${none}</p>`
}</section>`,
)}`;
}
