import type { Remedy } from "../oauth/messages/errors.ts";
import type { ErrorPage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";

/** What happened, what to do, and what to tell the operator. */
export function errorPage(page: ErrorPage): { title: string; content: Html } {
  const { continueTo } = page;
  return {
    title: page.title,
    content: html`<h1>${page.title}</h1>
<p>${page.explanation}</p>
${page.remedies.map(remedy)}
${
  continueTo &&
  html`<p>The app asked to be told about this at an address nobody vouches for. Go there only if you trust it:</p>
<p><a class="continue" href="${continueTo.uri}" rel="noopener noreferrer nofollow">Go back to <bdi>${continueTo.host}</bdi></a></p>`
}
<dl class="facts">
<div><dt>Reference</dt><dd><code>${page.reference}</code></dd></div>
${page.detail !== undefined && html`<div><dt>For the app's developer</dt><dd><code>${page.detail}</code></dd></div>`}
</dl>`,
  };
}

function remedy({ app, sentence, command }: Remedy): Html {
  return html`<section class="remedy">
${app !== undefined && html`<h2>If it is ${app}</h2>`}
<p>${sentence}</p>
${command !== undefined && html`<pre><code>${command}</code></pre>`}
</section>`;
}
