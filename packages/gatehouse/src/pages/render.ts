import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "../oauth/messages/page.ts";
import { consentPage } from "./consent.ts";
import { developmentSignInPage } from "./development-sign-in.ts";
import { errorPage } from "./error.ts";
import { homePage, signedOutPage } from "./home.ts";
import type { Html } from "./html.ts";
import { layout } from "./layout.ts";

export interface Pages {
  /** A page's HTML. */
  renderPage(page: Page): string;
  /** To be served where the pages look for it; the name changes with the content. */
  readonly stylesheet: { readonly path: string; readonly body: string };
}

/** @param basePath the issuer's path without trailing slash: what all paths begin with */
export function createPages(basePath: string): Pages {
  const body = readFileSync(join(import.meta.dirname, "style.css"), "utf8");
  const path = `${basePath}/assets/gatehouse-${hash("sha256", body, "base64url").slice(0, 12)}.css`;
  return {
    stylesheet: { path, body },
    renderPage(page) {
      const { title, content } = contentOf(page);
      return layout({ stylesheet: path }, title, content);
    },
  };
}

function contentOf(page: Page): { title: string; content: Html } {
  switch (page.kind) {
    case "consent":
      return consentPage(page);
    case "error":
      return errorPage(page);
    case "home":
      return homePage(page);
    case "signed-out":
      return signedOutPage();
    case "development-sign-in":
      return developmentSignInPage(page);
  }
}
