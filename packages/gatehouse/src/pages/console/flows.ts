import type { ConsolePage, FlowsView, FlowView } from "../../oauth/messages/console-page.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { type Html, html } from "../html.ts";
import { recordList } from "./audit.ts";
import { type Content, fact, foreign, pager } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function flowsPage({ at }: ConsolePage, view: FlowsView, words: ConsoleWords): Content {
  const { flows: own } = words;
  const path = `${at}/flows`;
  const { client, subject } = view;
  const query = new URLSearchParams({
    ...(client && { client }),
    ...(subject && { person: subject }),
  }).toString();
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<p>${own.explanation}</p>
<form method="get" action="${at}/flow" class="search" role="search">
<label for="reference">${own.reference}</label>
<input id="reference" name="reference" type="search" required="" autocomplete="off" spellcheck="false" maxlength="20">
<button>${own.open}</button>
</form>
<form method="get" action="${path}" class="search">
<label for="person">${own.person}</label>
<input id="person" name="person" type="search" value="${subject ?? ""}" autocomplete="off" spellcheck="false" maxlength="254">
<button>${own.find}</button>
</form>
${view.notFound !== undefined && html`<p class="problem" role="alert">${own.noPerson}</p>`}
${
  (client ?? subject) !== undefined &&
  html`<ul class="filters"><li><a class="tab" href="${path}">${own.all}</a></li>
${client !== undefined && html`<li><span class="tab current">${own.ofClient({ client: foreign(client) })}</span></li>`}</ul>`
}
${
  view.flows.length === 0
    ? view.notFound === undefined && html`<p>${own.none}</p>`
    : html`<ul class="rows">${view.flows.map(
        (flow) => html`<li>
<a href="${at}/flow?reference=${encodeURIComponent(flow.reference)}"><code>${flow.reference}</code></a>
<span>${flow.client !== undefined && foreign(flow.client)}</span>
<span><code lang="en">${flow.step}</code> <span class="state ${flow.state}">${own.outcomes[flow.state]}</span></span>
<span class="aside">${own.at({ when: new Date(flow.last) })}</span>
</li>`,
      )}</ul>`
}
${pager(view, query === "" ? path : `${path}?${query}`, words)}`,
  };
}

export function flowPage({ at }: ConsolePage, view: FlowView, words: ConsoleWords): Content {
  const begin = view.steps[0]?.entry.time ?? 0;
  return {
    title: view.reference,
    content: html`<h1><code>${view.reference}</code></h1>
${view.conclusion !== undefined && html`<div class="part">${explained(view.conclusion.means, view.conclusion.mend)}</div>`}
<ol class="timeline">${view.steps.map(
      ({ entry, means, mend }) =>
        html`<li><p class="aside">${words.flows.behind({ seconds: Math.round((entry.time - begin) / 1000) })}</p><div>${"step" in entry ? stepLine(entry, at, words, explained(means, mend)) : html`${recordList([entry], at, words)}${explained(means, mend)}`}</div></li>`,
    )}</ol>`,
  };
}

/** What it means, and what to do. */
const explained = (means: string | undefined, mend: string | undefined): Html =>
  html`${means !== undefined && html`<p lang="en">${means}</p>`}${mend !== undefined && html`<p lang="en" class="mend">${mend}</p>`}`;

/** What came in, which rule decided, and what it expected: in the words of the field, for every language. */
function stepLine(step: TraceStep, at: string, { flows: own }: ConsoleWords, meaning: Html): Html {
  const { client, subject, resource, facts = {} } = step;
  return html`<div class="step-of"><p><strong lang="en"><code>${step.step}</code></strong> <span class="state ${step.outcome}">${own.outcomes[step.outcome]}</span></p>
${meaning}
<dl class="facts">
${fact(own.rule, step.rule && html`<span lang="en">${foreign(step.rule)}</span>`)}
${fact(own.expected, step.expected && html`<code>${foreign(step.expected)}</code>`)}
${fact(own.received, step.received && html`<code>${foreign(step.received)}</code>`)}
${fact(own.client, client && html`<a href="${at}/client?id=${encodeURIComponent(client)}">${foreign(client)}</a>`)}
${fact(own.whose, subject && html`<a href="${at}/person?subject=${encodeURIComponent(subject)}"><code>${foreign(subject)}</code></a>`)}
${fact(own.server, resource && html`<code>${foreign(resource)}</code>`)}
${Object.entries(facts).map(([name, value]) => value !== undefined && html`<div lang="en"><dt>${name}</dt><dd>${foreign(value)}</dd></div>`)}
</dl></div>`;
}
