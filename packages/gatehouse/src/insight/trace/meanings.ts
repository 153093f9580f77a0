import type { AuditEventName } from "../../oauth/audit-events.ts";
import type { TraceStep, TraceStepName } from "../../oauth/trace-step.ts";
import type { TraceEvent } from "./audited-steps.ts";
import { cancelledThere, mendForFailure, mendForRefusal, mendForSignIn, turnedAwayThere } from "./mends.ts";
import { mendForLimit, mendForOutage } from "./outage-mends.ts";
import { isPlainWord } from "./plain-word.ts";

/*
 * What each step means, in one sentence, and what to do where something failed: for whoever runs the server,
 * who may know nothing of OAuth. Every step stands here, or it does not compile.
 */

type Sentence = string | ((step: TraceStep) => string);

interface Meaning {
  readonly means: Sentence;
  /** What whoever runs the server can do. */
  readonly mend?: Sentence;
  /** What it means that nothing followed, and what to do then. */
  readonly unlessFollowed?: {
    /** After so many seconds. */
    readonly after: number;
    /** What it means until then. */
    readonly soFar: string;
    readonly mendSoFar?: string;
    readonly means: string;
    readonly mend: string;
    /** The audit trail would tell what followed, and nobody wrote that down a second time. */
    readonly isAudited?: true;
  };
}

/** Steps in which something failed: each says what to do. */
type FailingStep =
  | "request_refused"
  | "request_failed"
  | "other_browser"
  | "attempt_over"
  | "sign_in_failed"
  | "access_refused"
  | "consent_denied"
  | "refresh_refused"
  | "access_lost"
  | "introspection_refused";

type Meanings = { readonly [Name in Exclude<TraceStepName, FailingStep>]: Meaning } & {
  readonly [Name in FailingStep]: Meaning & { readonly mend: Sentence };
};

function mendForCredential({ resource = "" }: Pick<TraceStep, "resource">): string {
  const address = isPlainWord(resource) ? resource : "<its URL>";
  return `Give the MCP server above its own credential: gatehouse resources rotate ${address} --keep 24h prints a new one; restart the MCP server with it. If it has that, the app sends its token to another server.`;
}

const tenMinutes = 600;

const notBack = {
  after: tenMinutes,
  soFar: "The browser was sent to the identity provider, and has not come back so far.",
  mendSoFar:
    "Who is still signing in there needs time. Whoever sees an error instead: if no page comes, the provider cannot be reached; if it is a page of the provider's own, register the redirect URI there that gatehouse doctor prints (provider.redirect).",
  means: "The browser never came back from the identity provider.",
  mend: "One person may have closed the window. If nobody comes back, the provider cannot be reached by people's browsers, or it shows them an error page of its own: register the redirect URI there that gatehouse doctor prints (provider.redirect). No restart.",
};

export const meanings: Meanings = {
  client_registered: { means: "An app registered itself, which grants nothing yet." },
  client_document_read: {
    means: "What an app publishes about itself was read, for the first time or because it has changed.",
  },
  authorization_received: { means: "The app asked for access, and the request itself is in order." },
  request_refused: {
    means: "The request is not what the rule expects, so nothing was given.",
    mend: mendForRefusal,
  },
  request_failed: {
    means: "The request was in order, and this server or something that it needs failed.",
    mend: mendForFailure,
  },
  session_used: { means: "The person had signed in earlier in this browser, and that still counts." },
  provider_choice_shown: {
    means: "The person was asked where they want to sign in.",
    unlessFollowed: {
      after: tenMinutes,
      soFar: "The person was asked where they want to sign in, and has not chosen so far.",
      means: "The person chose nowhere to sign in.",
      mend: "Nothing is wrong here: they start again in the app.",
    },
  },
  provider_chosen: { means: "The person chose where to sign in." },
  provider_asked: {
    means: "The browser was sent to the identity provider.",
    unlessFollowed: notBack,
  },
  browser_returned: {
    means: "The same browser came back from the identity provider, with its cookie.",
  },
  other_browser: {
    means:
      "An answer of this attempt came from a browser without its cookie: another one, or one that loses cookies. It got nothing.",
    mend: "Its own trace, named below, says which. A link of a sign-in works only in the browser that began it; if it was the same one, cookies of this server must be allowed.",
  },
  attempt_over: {
    means: "Somebody came back to this attempt after it had been answered, or had expired.",
    mend: "Nothing is lost: they start again in the app. TRANSACTION_TTL says how long a sign-in may take; whoever changes it restarts this server.",
  },
  identity_proven: { means: "The identity provider proved who the person is, and they may sign in." },
  sign_in_failed: {
    means: ({ outcome, rule }) =>
      outcome !== "refused"
        ? "The identity provider's answer proved nobody."
        : rule === cancelledThere
          ? "The identity provider sent the person back and says no: they cancelled there, or it does not let them in."
          : rule === turnedAwayThere
            ? "The identity provider sent the person back: it does not let them in."
            : "The identity provider told who it is, and that account may not sign in.",
    mend: mendForSignIn,
  },
  access_refused: {
    means: "The person is signed in, and the access rules do not let them use what the app asks for.",
    mend: "If they should: change access: in gatehouse.yaml and have it read again (SIGHUP). gatehouse access test says rule by rule what holds for them.",
  },
  consent_shown: {
    means: "The person was shown who asks for what, and was asked to decide.",
    unlessFollowed: {
      after: tenMinutes,
      soFar: "The person was shown who asks for what, and has not decided so far.",
      means: "The person did not decide: neither approved nor denied.",
      mend: "Nothing is wrong here: they start again in the app. Who meant to approve has to do so within TRANSACTION_TTL (a change of it needs a restart).",
    },
  },
  consent_not_needed: { means: "The person was not asked: somebody decided before." },
  consent_approved: { means: "The person approved." },
  consent_denied: {
    means: "The person said no, and the app was told so.",
    mend: "Nothing is wrong here: if they change their mind they start again in the app.",
  },
  account_switched: { means: "The person wants to use another account, and begins anew." },
  code_sent: {
    means: "The browser was sent to the app with a code, which the app has to exchange for tokens.",
    unlessFollowed: {
      after: 120,
      isAudited: true,
      soFar:
        "The browser was sent to the app with a code, which the app has not exchanged for tokens so far.",
      means: "The app never exchanged the code for tokens.",
      mend: "The browser may not have reached the app, because it had stopped or another program had its port: start again. Else the app's log says why it does not reach /token.",
    },
  },
  tokens_issued: { means: "The app exchanged the code and has its first tokens: it is connected." },
  refresh_refused: {
    means:
      "A refresh token that had been replaced long ago was used again, so all tokens of this connection were ended.",
    mend: "The person connects the app anew. If it happens again, the app keeps its tokens in two places, or somebody has a copy of them.",
  },
  access_lost: {
    means: "The app asked for new tokens, and the person may not use this any more.",
    mend: "If they should: change access: in gatehouse.yaml and have it read again (SIGHUP), or the person at the provider. gatehouse access test says rule by rule what holds for them.",
  },
  introspection_refused: {
    means:
      "The app is connected, and the MCP server was told nothing of its token: it asked with a credential that is not that server's.",
    mend: mendForCredential,
  },
  grant_ended: { means: "The connection was ended, and its tokens are worth nothing any more." },
};

/** What it means, of whatever version the step is. */
export function meaningOf(step: TraceStep): { readonly means: string; readonly mend: string | undefined } {
  const meaning: Meaning | undefined = Object.hasOwn(meanings, step.step) ? meanings[step.step] : undefined;
  if (meaning === undefined) return { means: `${inWords(step.step)}.`, mend: undefined };
  const { means, mend } = meaning;
  const say = (sentence: Sentence) => (typeof sentence === "string" ? sentence : sentence(step));
  return { means: say(means), mend: mend === undefined ? undefined : say(mend) };
}

/** What it means that nothing followed. */
interface End {
  readonly state: "open" | "stopped" | "unknown";
  readonly outcome: "ok" | "failed";
  readonly means: string;
  readonly mend: string | undefined;
}

/**
 * What it means that a step is the last one, so many seconds later; `undefined`: nothing has to follow it.
 * @param trailBegin up to when the audit trail is gone, milliseconds since 1970; 0: it is all there
 */
export function meaningOfEnd(step: TraceStep, age: number, trailBegin: number): End | undefined {
  const meaning: Meaning | undefined = Object.hasOwn(meanings, step.step) ? meanings[step.step] : undefined;
  const end = meaning?.unlessFollowed;
  if (end === undefined) return undefined;
  if (age < end.after) return { state: "open", outcome: "ok", means: end.soFar, mend: end.mendSoFar };
  if (!end.isAudited || step.time >= trailBegin) {
    return { state: "stopped", outcome: "failed", means: end.means, mend: end.mend };
  }
  const begin = new Date(trailBegin).toISOString();
  return {
    state: "unknown",
    outcome: "ok",
    means: `${meaningOf(step).means} Whether it did is not known any more: the audit trail, which would tell, begins at ${begin}.`,
    mend: "AUDIT_TTL and AUDIT_SIZE say how long the audit trail is there: as long as traces (TRACE_TTL), and all of it can be told, once this server is restarted with it.",
  };
}

/** Audit events of an attempt that no step says, in words. */
const events: Partial<
  Record<AuditEventName, readonly [means: string, mend?: string | ((event: ToldEvent) => string)]>
> = {
  limit_reached: [
    "So much was asked within a short time that this and further requests were refused for a while.",
    ({ facts }) => mendForLimit(String(facts.detail ?? "")),
  ],
  store_unavailable: [
    "The database could not be used, so this request and those after it were refused.",
    ({ reason = "" }) => mendForOutage(reason),
  ],
  store_back: ["The database can be used again."],
  code_replayed: [
    "The code was used a second time, so what had come of it was ended.",
    "The person connects the app anew. If it happens again, the app sends its token request twice, or somebody reads its codes.",
  ],
  address_changed: ["The person's address at the provider is another one than before."],
  address_moved: [
    "The address belongs to another person here, so the sign-in was refused.",
    "If it is theirs now: gatehouse people release <address>.",
  ],
  client_document_unavailable: [
    "The app's metadata document could not be had, or is not valid.",
    "Whoever publishes the app has to mend it; look whether this server can reach the address.",
  ],
  client_document_copy_used: ["The app's metadata document could not be had; the copy that ships was used."],
  client_document_changed: ["The app's metadata document has changed."],
  passkey_refused: ["The passkey was refused."],
  session_foreign: ["A session of the MCP server was used with somebody else's token."],
  introspection_refused: [
    "An MCP server asked about a token with a credential that is not that server's, and was told nothing.",
    mendForCredential,
  ],
  token_refreshed: ["The app exchanged its refresh token for new tokens."],
  tool_called: ["A tool was called through the gateway."],
};

type ToldEvent = Pick<TraceEvent, "reason" | "resource" | "facts">;

/** What an audit event means, of whatever version. */
export function meaningOfEvent(event: ToldEvent & Pick<TraceEvent, "name">): {
  readonly means: string;
  readonly mend: string | undefined;
} {
  const { name } = event;
  const [means, mend] = (Object.hasOwn(events, name) && events[name as AuditEventName]) || [];
  return {
    means: means ?? `${inWords(name)}.`,
    mend: typeof mend === "function" ? mend(event) : mend,
  };
}

const inWords = (name: string) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
