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
 * The frame of every page but those of the console: one column, one heading (in `content`), the title first
 * of what the page is for.
 */
export function layout(
  site: Site,
  language: Language,
  words: Words,
  { title, content }: { readonly title: string; readonly content: Html },
): string {
  return documentOf(
    site,
    language,
    { title },
    html`<body>
${brandHeader(site.brand, site.logo, words)}<main>
${content}
</main>
<footer>${words.footer}${brandLinks(site.brand, words)}</footer>
</body>`,
  );
}

/**
 * A whole document: whose it is stands in its title, its icon and its colours.
 * @param page.style behind that of all pages
 * @param body with its tags
 */
export function documentOf(
  { brand, icon, script, stylesheet }: Site,
  language: Language,
  { title, style }: { readonly title: string; readonly style?: Asset },
  body: Html,
): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · ${brand.name ?? "Gatehouse"}</title>
<link rel="icon" type="${icon.type}" href="${icon.path}">
<link rel="stylesheet" href="${stylesheet.path}">
${style !== undefined && html`<link rel="stylesheet" href="${style.path}">`}
${script !== undefined && html`<script type="module" src="${script.path}"></script>`}
</head>
${body}
</html>
`.text;
}
