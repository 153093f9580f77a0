import {
  type ConsolePage,
  type InvitationFormView,
  type InvitationsView,
  type InvitedView,
  invitationLifetimes,
  type ShownInvitation,
} from "../../oauth/messages/console-page.ts";
import { type Html, html } from "../html.ts";
import type { Language } from "../language.ts";
import { type Content, choice, date, field, foreign, form, hidden, pager } from "./parts.ts";
import { peopleTabs } from "./people.ts";
import type { ConsoleWords } from "./words.ts";

export function invitationsPage(page: ConsolePage, view: InvitationsView, words: ConsoleWords): Content {
  const { invitations: own } = words;
  const { at, csrf } = page;
  const target = { action: view.action, csrf };
  return {
    title: own.title,
    content: html`<h1>${own.title}</h1>
<p><a class="continue" href="${at}/invitations/new">${own.add}</a></p>
${peopleTabs(at, "invited", true, words)}
${
  view.invitations.length === 0
    ? html`<p>${own.none}</p>`
    : html`<ul class="rows">${view.invitations.map(
        (invitation) => html`<li>${row(invitation, words)}
${form(target, html`${hidden("act", "take_back")}${hidden("email", invitation.email)}<button class="deny small">${own.takeBack}</button>`)}
</li>`,
      )}</ul>`
}
${pager(view, `${at}/invitations`, words)}`,
  };
}

function row(invitation: ShownInvitation, { invitations: own }: ConsoleWords): Html {
  const { email, groups, endsGrants, expiresAt } = invitation;
  return html`<strong>${email === "" ? own.first : foreign(email)}</strong>
<span>${groups.map((group, at) => html`${at > 0 && ", "}${foreign(group)}`)}</span>
<span class="aside">${own.until(date(expiresAt))}${endsGrants && html` ${own.endsApps}`}</span>`;
}

export function newInvitationPage(
  { csrf }: ConsolePage,
  view: InvitationFormView,
  words: ConsoleWords,
  language: Language,
): Content {
  const { invitations: own } = words;
  const { entries, problem } = view;
  const lifetimes = Object.fromEntries(invitationLifetimes.map((each) => [each, own.lifetimes[each]]));
  return {
    title: own.add,
    content: html`<h1>${own.add}</h1>
<p>${own.explanation}</p>
${problem && html`<p class="problem" role="alert">${own.problems[problem.key]}${problem.about !== undefined && html` <code lang="en">${foreign(problem.about)}</code>`}</p>`}
${form(
  { action: view.action, csrf },
  html`${field(own.address, "email", entries.email, html` required="" maxlength="254" inputmode="email"`)}
${field(own.groups, "groups", entries.groups, html` maxlength="1000"`)}
${choice(own.lifetime, "lifetime", lifetimes, entries.lifetime)}
${view.languages && choice(own.language, "language", namesOf(view.languages, language), entries.language || language)}
<p class="confirm"><input class="tick" type="checkbox" id="ends_grants" name="ends_grants" value="yes"${entries.endsGrants && html` checked=""`}><label class="confirm" for="ends_grants">${own.endsGrants}</label></p>
<button>${own.invite}</button>`,
  "settings",
)}`,
  };
}

/** What languages are called in another. */
function namesOf(languages: readonly string[], language: Language): Readonly<Record<string, string>> {
  const names = new Intl.DisplayNames([language], { type: "language" });
  return Object.fromEntries(languages.map((each) => [each, names.of(each) ?? each]));
}

/** Its link is shown here, and never again. */
export function invitedPage({ at }: ConsolePage, view: InvitedView, words: ConsoleWords): Content {
  const { invitations: own } = words;
  const of = foreign(view.email);
  return {
    title: own.made,
    content: html`<h1>${own.invitationOf({ of })}</h1>
${
  view.link === undefined
    ? html`<p><strong>${own.mailed}</strong></p>`
    : html`<p><strong>${own.handOver}</strong></p>
<pre class="secret"><code>${view.link}</code></pre>`
}
<p>${own.until(date(view.expiresAt))}</p>
${view.replaces && html`<p>${own.replaces[view.replaces]}</p>`}
<p><a class="continue" href="${at}/invitations">${view.link === undefined ? own.goOn : words.secret.done}</a></p>`,
  };
}
