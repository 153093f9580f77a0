import type { ConsolePage, OverviewView } from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import { type Content, foreign } from "./parts.ts";
import type { ConsoleWords } from "./words.ts";

export function overviewPage({ at }: ConsolePage, view: OverviewView, words: ConsoleWords): Content {
  const { overview } = words;
  const { people, blocked, sessions, grants, clients, resources } = view.inventory;
  return {
    title: overview.title,
    content: html`<h1>${overview.title}</h1>
<ul class="numbers">
${number(overview.people, people, words, `${at}/people`, blocked > 0 ? overview.blocked({ count: blocked }) : undefined)}
${number(overview.sessions, sessions, words)}
${number(overview.grants, grants, words, `${at}/grants`)}
${number(overview.clients, clients, words, `${at}/clients`)}
${number(overview.servers, resources, words, `${at}/servers`)}
</ul>
<section class="checks">
<h2>${overview.checks}</h2>
<ul class="states">${view.checks.map(
      ({ name, state, details }) =>
        html`<li class="${state}"><strong>${overview.checkNames[name]}</strong> <span class="state">${overview.states[state]}</span>${details.map((detail) => html`<p lang="en">${foreign(detail)}</p>`)}</li>`,
    )}</ul>
</section>
<p class="aside">${overview.version({ version: view.version })}</p>`,
  };
}

function number(name: string, count: number, words: ConsoleWords, href?: string, more?: string): Html {
  const shown = html`<span class="count">${words.overview.amount({ count })}</span> <span>${name}</span>`;
  return html`<li>${href === undefined ? html`<div>${shown}</div>` : html`<a class="number" href="${href}">${shown}</a>`}${more !== undefined && html`<p class="aside">${more}</p>`}</li>`;
}
