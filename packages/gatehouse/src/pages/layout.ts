import type { Asset } from "./assets.ts";
import { type Brand, brandHeader, brandLinks } from "./brand.ts";
import { type Html, html } from "./html.ts";
import type { Language } from "./language.ts";
import type { Words } from "./words.ts";

/** Whose page it is, and the files it names. */
export interface Site {
  readonly brand: Brand;
  readonly stylesheet: Asset;
  readonly script: Asset | undefined;
  readonly icon: Asset;
  readonly logo: Asset | undefined;
}

/**
 * The frame of every page: one column, one heading (in `content`), the title first of what the page is for.
 */
export function layout(
  site: Site,
  language: Language,
  words: Words,
  { title, content }: { readonly title: string; readonly content: Html },
): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${site.brand.name ?? "Gatehouse"}</title>
<link rel="icon" type="${site.icon.type}" href="${site.icon.path}">
<link rel="stylesheet" href="${site.stylesheet.path}">
${site.script !== undefined && html`<script type="module" src="${site.script.path}"></script>`}
</head>
<body>
${brandHeader(site.brand, site.logo, words)}<main>
${content}
</main>
<footer>${words.footer}${brandLinks(site.brand, words)}</footer>
</body>
</html>
`.text;
}
