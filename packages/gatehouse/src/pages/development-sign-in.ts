import type { DevelopmentSignInPage } from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";

/** The sign-in of `gatehouse dev`: says plainly what it is. */
export function developmentSignInPage(page: DevelopmentSignInPage): { title: string; content: Html } {
  const { problem } = page;
  return {
    title: "Development sign-in",
    content: html`<p class="step">Development sign-in</p>
<h1>Who do you want to be?</h1>
<p class="badge unknown">For development only: whoever types an address is that person. It runs on this computer alone.</p>
<form method="post" action="${page.action}">
<input type="hidden" name="state" value="${page.state}">
<label for="email">E-mail address</label>
<input id="email" name="email" type="email" autocomplete="email" placeholder="you@example.com" required autofocus value="${page.email}"
${problem !== undefined && html` aria-invalid="true" aria-describedby="problem"`}>
${problem !== undefined && html`<p id="problem" class="problem" role="alert">${problem}</p>`}
<div class="choices"><button class="approve">Sign in</button></div>
</form>`,
  };
}
