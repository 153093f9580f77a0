import { type Html, html } from "./html.ts";
import { catalogues, type Language } from "./language.ts";

/** Where the pages' own addresses begin, and those of the stylesheet and the script. */
export interface Site {
  readonly stylesheet: string;
  readonly script: string | undefined;
}

/**
 * The frame of every page: one column, one heading (in `content`), the title first of what the page is for.
 */
export function layout(
  site: Site,
  language: Language,
  { title, content }: { readonly title: string; readonly content: Html },
): string {
  return html`<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${title} · Gatehouse</title>
<link rel="stylesheet" href="${site.stylesheet}">
${site.script !== undefined && html`<script type="module" src="${site.script}"></script>`}
</head>
<body>
<main>
${content}
</main>
<footer>${catalogues[language].footer}</footer>
</body>
</html>
`.text;
}
