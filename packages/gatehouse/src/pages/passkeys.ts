import type {
  InvitationPage,
  OwnPasskeysPage,
  PasskeyEntrancePage,
  PasskeyProblem,
  PasskeyReadyPage,
  PasskeyRegistrationPage,
  PasskeySignInPage,
  RemovePasskeyPage,
} from "../oauth/messages/page.ts";
import { type Html, html } from "./html.ts";
import type { Words } from "./words.ts";

/*
 * The pages of people whose accounts are ours. Where a passkey is used or made, `passkey.js` does it, and
 * uncovers one of the sentences that wait in the page when it does not work.
 */

type PasskeyWords = Words["passkeys"];
interface Content {
  readonly title: string;
  readonly content: Html;
}

export function passkeySignInPage(page: PasskeySignInPage, { passkeys: words }: Words): Content {
  const again = `${page.action}?state=${page.state}`;
  return {
    title: words.signInTitle,
    content: html`<p class="step">${words.signInTitle}</p>
<h1>${words.signInHeading}</h1>
<p>${words.signInExplanation}</p>
${form({ ...page, does: "get", again, submit: words.signIn }, words, html`<input type="hidden" name="state" value="${page.state}">`)}
<p class="aside">${words.noneYet}</p>
<p class="aside"><a href="${page.own}">${words.lookAfter}</a></p>`,
  };
}

export function invitationPage(page: InvitationPage, { passkeys: words }: Words): Content {
  const account = page.email === undefined ? undefined : html`<strong><bdi>${page.email}</bdi></strong>`;
  return {
    title: words.invitation,
    content: html`<p class="step">${words.invitation}</p>
<h1>${words.invitationHeading}</h1>
<p>${account === undefined ? words.invitationForFirst : words.invitationFor({ account })}</p>
<p>${words.invitationBinds}</p>
<form method="post" action="${page.action}">
<input type="hidden" name="token" value="${page.token}">
<div class="choices"><button class="approve">${words.proceed}</button></div>
</form>`,
  };
}

export function passkeyRegistrationPage(page: PasskeyRegistrationPage, { passkeys: words }: Words): Content {
  const { email, invitation, typed, problem } = page;
  const account = email === undefined ? undefined : html`<strong><bdi>${email}</bdi></strong>`;
  const isAddress = problem === "malformedAddress" || problem === "foreignAddress" || problem === "held";
  const fields = html`<input type="hidden" name="invitation" value="${invitation}">
${
  account === undefined &&
  html`<label for="email">${words.address}</label>
<input id="email" name="email" type="email" autocomplete="email" required maxlength="254" value="${typed}"${isAddress && html` aria-invalid="true" aria-describedby="problem"`}>`
}
${nameField(words)}`;
  return {
    title: words.registrationTitle,
    content: html`<p class="step">${words.invitation}</p>
<h1>${words.registrationHeading}</h1>
<p>${words.registrationExplanation}</p>
${account !== undefined && html`<p>${words.registrationFor({ account })}</p>`}
${page.replaces && html`<p class="badge unknown">${words.replaces}</p>`}
${form({ ...page, does: "create", again: `${page.action}?invitation=${invitation}`, submit: words.register }, words, fields)}`,
  };
}

export function passkeyReadyPage({ email, own }: PasskeyReadyPage, { passkeys: words }: Words): Content {
  const account = html`<strong><bdi>${email}</bdi></strong>`;
  return {
    title: words.readyHeading,
    content: html`<p class="step">${words.invitation}</p>
<h1>${words.readyHeading}</h1>
<p>${words.ready({ account })}</p>
<p>${words.readyNext}</p>
<p class="aside">${words.another} <a href="${own}">${words.lookAfter}</a></p>`,
  };
}

export function passkeyEntrancePage(page: PasskeyEntrancePage, { passkeys: words }: Words): Content {
  const step = html`<input type="hidden" name="step" value="enter">`;
  return {
    title: words.ownHeading,
    content: html`<p class="step">${words.ownHeading}</p>
<h1>${words.entranceHeading}</h1>
<p>${words.entranceExplanation}</p>
${form({ ...page, does: "get", again: page.action, submit: words.signIn }, words, step)}
<p class="aside">${words.noneYet}</p>`,
  };
}

export function ownPasskeysPage(page: OwnPasskeysPage, { passkeys: words }: Words): Content {
  const account = html`<strong><bdi>${page.email}</bdi></strong>`;
  const step = html`<input type="hidden" name="step" value="add">
${nameField(words)}`;
  return {
    title: words.ownHeading,
    content: html`<h1>${words.ownHeading}</h1>
<p>${words.ownOf({ account })}</p>
<dl class="facts">
${page.passkeys.map((passkey) => described(passkey, page, words))}
</dl>
<h2>${words.addHeading}</h2>
<p>${words.addExplanation}</p>
${form({ ...page, does: "create", again: page.action, submit: words.add }, words, step)}
<p class="aside">${words.lost}</p>`,
  };
}

/** @param page of it; the only passkey is not removed */
function described(
  passkey: OwnPasskeysPage["passkeys"][number],
  { action, csrf, passkeys }: OwnPasskeysPage,
  words: PasskeyWords,
): Html {
  const { id, name, createdAt, lastUsedAt, synced } = passkey;
  const used =
    lastUsedAt === undefined ? words.neverUsed : words.lastUsed({ day: new Date(lastUsedAt * 1000) });
  return html`<div><dt><bdi>${name || words.unnamed}</bdi></dt><dd>${words.madeOn({ day: new Date(createdAt * 1000) })}<br>${used}<br>${synced ? words.synced : words.notSynced}
${
  passkeys.length > 1 &&
  html`<form method="post" action="${action}">
<input type="hidden" name="step" value="remove">
<input type="hidden" name="csrf" value="${csrf}">
<button class="deny small" name="passkey" value="${id}" aria-label="${words.removeThis({ name: name || words.unnamed })}">${words.remove}</button>
</form>`
}</dd></div>`;
}

export function removePasskeyPage(page: RemovePasskeyPage, { passkeys: words }: Words): Content {
  const { action, csrf, passkey, count } = page;
  const name = html`<bdi>${passkey.name || words.unnamed}</bdi>`;
  return {
    title: words.removeTitle,
    content: html`<p class="step">${words.ownHeading}</p>
<h1>${words.removeHeading({ name })}</h1>
<p>${words.removeExplanation({ left: count - 1 })}</p>
<form method="post" action="${action}">
<input type="hidden" name="step" value="remove">
<input type="hidden" name="csrf" value="${csrf}">
<input type="hidden" name="passkey" value="${passkey.id}">
<div class="choices">
<button class="approve" name="confirmed" value="yes">${words.removeIt}</button>
<a class="continue deny" href="${action}">${words.leaveIt}</a>
</div>
</form>`,
  };
}

function nameField(words: PasskeyWords): Html {
  return html`<label for="name">${words.name}</label>
<input id="name" name="name" type="text" maxlength="60" autocomplete="off" placeholder="${words.exampleName}">`;
}

interface PasskeyForm {
  readonly does: "get" | "create";
  readonly action: string;
  readonly options: string;
  /** The same page, fresh. */
  readonly again: string;
  /** The text of the button. */
  readonly submit: string;
  readonly problem: PasskeyProblem | undefined;
}

/** The script shows the button: without a script it would do nothing. */
function form(about: PasskeyForm, words: PasskeyWords, fields: Html): Html {
  const { does, action, options, again, submit, problem } = about;
  const waiting = Object.entries({ ...words.onDevice, ...words.onDeviceOf[does] });
  return html`${problem !== undefined && html`<p id="problem" class="problem" role="alert">${words.problems[problem]}</p>`}
<form method="post" action="${action}" data-passkey="${does}" data-options="${options}">
${fields}
<input type="hidden" name="answer">
${waiting.map(
  ([told, sentence]) =>
    html`<p class="problem" role="alert" data-told="${told}" hidden>${sentence}${told === "late" && html` <a href="${again}">${words.tryAgain}</a>`}</p>`,
)}
<noscript><p class="problem">${words.noScript}</p></noscript>
<div class="choices"><button class="approve" hidden>${submit}</button></div>
</form>`;
}
