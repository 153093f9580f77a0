import type { ChooseProviderPage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/**
 * Where to sign in, of several (V05): a button each, the one of the last time first, so that Enter is enough.
 */
export function chooseProviderPage(
  page: ChooseProviderPage,
  { chooseProvider: words }: Words,
): { title: string; content: Html } {
  return {
    title: words.title,
    content: html`<p class="step">${words.title}</p>
<h1>${words.heading}</h1>
${page.unreachable !== undefined && html`<p class="problem" role="alert">${words.unreachable({ provider: html`<bdi>${page.unreachable}</bdi>` })}</p>`}
${explanation(page, words)}
<form method="post" action="${page.action}">
<input type="hidden" name="transaction" value="${page.transaction}">
<input type="hidden" name="csrf" value="${page.csrf}">
<div class="providers">
${page.providers.map((provider, at) => button(provider, page.last, at === 0, words))}
</div>
<p class="aside"><button class="link" name="decision" value="back">${words.back}</button></p>
</form>`,
  };
}

function button(
  { name, title }: ChooseProviderPage["providers"][number],
  last: string | undefined,
  focused: boolean,
  words: Words["chooseProvider"],
): Html {
  const used = name === last;
  return html`<button class="provider${used && " last"}" name="provider" value="${name}"${focused && html` autofocus=""`}><bdi>${title}</bdi>${used && html` <span class="used">${words.usedLast}</span>`}</button>
`;
}

function explanation(
  { resource, narrowed }: ChooseProviderPage,
  words: Words["chooseProvider"],
): Html | undefined {
  if (resource === undefined) return narrowed ? html`<p>${words.narrowed}</p>` : undefined;
  const server = html`<strong><bdi>${resource.name || new URL(resource.identifier).host}</bdi></strong>`;
  return html`<p>${narrowed ? words.narrowedTo({ server }) : words.toUse({ server })}</p>`;
}
