import type { Asset } from "./assets.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** Whose house this is, as every page shows it; left out: nobody's but ours. */
export interface Brand {
  readonly name?: string | undefined;
  readonly logo?: Logo | undefined;
  /** `#rgb` or `#rrggbb`. */
  readonly accent?: string | undefined;
  /** Whom people ask: an e-mail address or an http(s) URL. */
  readonly support?: string | undefined;
  /** https URLs. */
  readonly privacy?: string | undefined;
  readonly terms?: string | undefined;
  readonly imprint?: string | undefined;
}

export interface Logo {
  readonly type: "image/png" | "image/webp" | "image/svg+xml";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Above every page: whose it is. */
export function brandHeader(brand: Brand, asset: Asset | undefined, words: Words): Html | undefined {
  const mark = brandMark(brand, asset, words);
  return mark && html`<header class="brand">${mark}</header>\n`;
}

/** Logo and name, as far as there are any. */
export function brandMark(
  { name, logo }: Brand,
  asset: Asset | undefined,
  { brand }: Words,
): Html | undefined {
  if (name === undefined && logo === undefined) return undefined;
  return html`${asset !== undefined && html`<img src="${asset.path}" alt="${name === undefined ? brand.logo : ""}">`}${name !== undefined && html`<span>${name}</span>`}`;
}

/** Below every page. */
export function brandLinks({ privacy, terms, imprint }: Brand, { brand }: Words): Html | undefined {
  const links = [
    [imprint, brand.imprint],
    [privacy, brand.privacy],
    [terms, brand.terms],
  ] as const;
  if (links.every(([uri]) => uri === undefined)) return undefined;
  return html`<ul class="links">${links.map(([uri, label]) => uri !== undefined && html`<li><a href="${uri}" rel="noopener noreferrer">${label}</a></li>`)}</ul>`;
}

/** Whom to ask, as a row of facts. */
export function whomToAsk({ support }: Brand, { help }: Words): Html {
  return html`<div><dt>${help.whomToAsk}</dt><dd>${support === undefined ? help.operator : link(support)}</dd></div>`;
}

function link(support: string): Html {
  const href = /^https?:/i.test(support) ? support : `mailto:${support}`;
  return html`<a href="${href}" rel="noopener noreferrer"><bdi>${support}</bdi></a>`;
}
