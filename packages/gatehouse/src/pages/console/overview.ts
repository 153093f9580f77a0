import type { ConsolePage, OverviewView } from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import { recordList } from "./audit.ts";
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
<section class="part">
<h2>${overview.lastDay}</h2>
<ul class="charts">${view.charts.map(({ name, hours }) => html`<li><h3>${overview.charts[name]} <span class="many">${overview.amount({ count: sum(hours) })}</span></h3>${chart(overview.charts[name], hours, words)}</li>`)}</ul>
</section>
<section class="part">
<h2>${overview.failures}</h2>
${view.failures.length === 0 ? html`<p>${overview.noFailures}</p>` : recordList(view.failures, at, words)}
</section>
<section class="part">
<h2>${overview.checks}</h2>
<ul class="states">${view.checks.map(
      ({ name, state, details }) =>
        html`<li><strong>${overview.checkNames[name]}</strong> <span class="state ${state}">${overview.states[state]}</span>${details.map((detail) => html`<p lang="en">${foreign(detail)}</p>`)}</li>`,
    )}</ul>
</section>
<p class="aside">${overview.version({ version: view.version })}</p>`,
  };
}

function number(name: string, count: number, words: ConsoleWords, href?: string, more?: string): Html {
  const shown = html`<span class="count">${words.overview.amount({ count })}</span> <span>${name}</span>`;
  return html`<li>${href === undefined ? html`<div>${shown}</div>` : html`<a class="number" href="${href}">${shown}</a>`}${more !== undefined && html`<p class="aside">${more}</p>`}</li>`;
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);

/** A bar an hour, as high as its share of the highest. */
function chart(name: string, hours: readonly number[], words: ConsoleWords): Html {
  const most = Math.max(...hours);
  const [width, height, gap] = [10, 48, 2];
  const bars = hours.map((count, at) => {
    const high = count === 0 ? 1 : Math.max(2, Math.round((count / most) * height));
    return html`<rect class="${count === 0 ? "none" : "some"}" x="${at * (width + gap)}" y="${height - high}" width="${width}" height="${high}" rx="1"/>`;
  });
  const label = words.overview.chart({ name, count: sum(hours), most });
  return html`<svg class="chart" viewBox="0 0 ${hours.length * (width + gap) - gap} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${bars}</svg>`;
}
