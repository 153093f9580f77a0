import type { DevelopmentSignInPage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/** The sign-in of `gatehouse dev`: says plainly what it is. */
export function developmentSignInPage(
  page: DevelopmentSignInPage,
  { developmentSignIn: words }: Words,
): { title: string; content: Html } {
  const problem = page.problem && words[page.problem];
  return {
    title: words.title,
    content: html`<p class="step">${words.title}</p>
<h1>${words.heading}</h1>
<p class="badge unknown">${words.warning}</p>
<form method="post" action="${page.action}">
<input type="hidden" name="state" value="${page.state}">
<label for="email">${words.address}</label>
<input id="email" name="email" type="email" autocomplete="email" placeholder="${words.exampleAddress}" required autofocus value="${page.email}"
${problem !== undefined && html` aria-invalid="true" aria-describedby="problem"`}>
${problem !== undefined && html`<p id="problem" class="problem" role="alert">${problem}</p>`}
<div class="choices"><button class="approve">${words.signIn}</button></div>
</form>`,
  };
}
