import { hash } from "node:crypto";
import type { Page } from "../oauth/messages/page.ts";
import { readShippedFile } from "../shipped-files.ts";
import { consentPage } from "./consent.ts";
import { developmentSignInPage } from "./development-sign-in.ts";
import { errorPage } from "./error.ts";
import { homePage, signedOutPage } from "./home.ts";
import type { Html } from "./html.ts";
import { catalogues, chooseLanguage, type Language } from "./language.ts";
import { layout } from "./layout.ts";
import type { Words } from "./words.ts";

export interface Pages {
  /** A page's HTML, in the language that suits whoever sent this `Accept-Language`. */
  renderPage(page: Page, acceptLanguage?: string): RenderedPage;
  /** To be served where the pages look for it; the name changes with the content. */
  readonly stylesheet: { readonly path: string; readonly body: string };
}

export interface RenderedPage {
  readonly html: string;
  readonly language: Language;
}

/** @param basePath the issuer's path without trailing slash: what all paths begin with */
export function createPages(basePath: string): Pages {
  const body = readShippedFile("src/pages/style.css");
  const path = `${basePath}/assets/gatehouse-${hash("sha256", body, "base64url").slice(0, 12)}.css`;
  return {
    stylesheet: { path, body },
    renderPage(page, acceptLanguage) {
      const language = chooseLanguage(acceptLanguage);
      const content = contentOf(page, catalogues[language]);
      return { html: layout({ stylesheet: path }, language, content), language };
    },
  };
}

function contentOf(page: Page, words: Words): { title: string; content: Html } {
  switch (page.kind) {
    case "consent":
      return consentPage(page, words);
    case "error":
      return errorPage(page, words);
    case "home":
      return homePage(page, words);
    case "signed-out":
      return signedOutPage(words);
    case "development-sign-in":
      return developmentSignInPage(page, words);
  }
}
