import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** Whose house this is, as every page shows it. */
export interface Brand {
  /** Whom people ask: an e-mail address or an http(s) URL. */
  readonly support?: string | undefined;
}

/** Whom to ask, as a row of facts. */
export function whomToAsk({ support }: Brand, { help }: Words): Html {
  return html`<div><dt>${help.whomToAsk}</dt><dd>${support === undefined ? help.operator : link(support)}</dd></div>`;
}

function link(support: string): Html {
  const href = /^https?:/i.test(support) ? support : `mailto:${support}`;
  return html`<a href="${href}" rel="noopener noreferrer"><bdi>${support}</bdi></a>`;
}
