import type { KnownClientName, Reason } from "../reason.ts";
import type { ConsolePage } from "./console-page.ts";

/**
 * What the protocol has to show to a person: plain data without a sentence of ours. The `pages/` room turns
 * it into HTML, nothing else reads it. Every string here may come from a stranger; escaping is the renderer's
 * work.
 */
export type Page =
  | ConsentPage
  | ChooseProviderPage
  | RefusedPersonPage
  | ErrorPage
  | HomePage
  | AppsQuestionPage
  | SignedOutPage
  | DevelopmentSignInPage
  | ConsolePage
  | PasskeyPage;
/** The kind of every page. */
export const pageKinds = Object.keys({
  "choose-provider": true,
  "refused-person": true,
  consent: true,
  error: true,
  home: true,
  "apps-question": true,
  "signed-out": true,
  "development-sign-in": true,
  console: true,
  "passkey-sign-in": true,
  invitation: true,
  "passkey-registration": true,
  "passkey-ready": true,
  "passkey-entrance": true,
  "own-passkeys": true,
  "remove-passkey": true,
} satisfies Record<Page["kind"], true>);

export type PasskeyPage =
  | PasskeySignInPage
  | InvitationPage
  | PasskeyRegistrationPage
  | PasskeyReadyPage
  | PasskeyEntrancePage
  | OwnPasskeysPage
  | RemovePasskeyPage;

/** Whose account it is. */
export interface ShownAccount {
  /** `undefined` or empty where there is none. */
  readonly email: string | undefined;
  /** As the provider says: shown, and no proof of anything. */
  readonly name: string | undefined;
}

/** Where to sign in, of several (V05). */
export interface ChooseProviderPage {
  readonly kind: "choose-provider";
  /** Where the form posts to (path on our own origin) and the two values it carries. */
  readonly action: string;
  readonly transaction: string;
  readonly csrf: string;
  /** What the person wants to use. */
  readonly resource: { readonly identifier: string; readonly name: string | undefined } | undefined;
  /** Whether there are others, which do not do for this resource. */
  readonly narrowed: boolean;
  /** In the order to be shown. */
  readonly providers: readonly { readonly name: string; readonly title: string }[];
  /** The name of the one this browser came in by last: the first of them. */
  readonly last: string | undefined;
  /** The title of the one that was chosen just now and cannot be reached. */
  readonly unreachable: string | undefined;
}

/** Why somebody who proved who they are may not go on (V62). */
export interface RefusedPersonPage {
  readonly kind: "refused-person";
  /** Where the form posts to (path on our own origin) and the two values it carries. */
  readonly action: string;
  readonly transaction: string;
  readonly csrf: string;
  /** `undefined`: none is known, because the sign-in ended before. */
  readonly account: ShownAccount | undefined;
  /** The title of the provider they used. */
  readonly provider: string | undefined;
  readonly reason: Reason;
  /** Where the way back leads, when nobody knows whose that is (B20); else it is not said. */
  readonly strangersHost: string | undefined;
  /** Reference id that also stands in the log. */
  readonly reference: string;
}

export interface ConsentPage {
  readonly kind: "consent";
  /** Where the form posts to (path on our own origin) and the two values it carries. */
  readonly action: string;
  readonly transaction: string;
  readonly csrf: string;
  /** Stands for what the page tells of the client: a decision counts only for what was seen. */
  readonly seen: string;
  readonly client: {
    /** As the client calls itself; `undefined` when it gave no name. */
    readonly name: string | undefined;
    /** The known client that it is for certain, whatever it calls itself. */
    readonly certainName: KnownClientName | undefined;
    readonly id: string;
    /**
     * `operator`: provisioned by whoever runs this server. `document`: the site that its id names publishes
     * what it says. `self-asserted`: nobody checked what it says.
     */
    readonly vouchedBy: "operator" | "document" | "self-asserted";
    readonly homepage: string | undefined;
    readonly policy: string | undefined;
    readonly terms: string | undefined;
    /** When it registered itself, seconds since 1970. */
    readonly registeredAt: number;
  };
  readonly redirect: {
    readonly uri: string;
    /**
     * `web`: an https site. `loopback`: a program on this computer. `app`: an app that owns a private scheme.
     */
    readonly kind: "web" | "loopback" | "app";
    /** `app.example.com`, `localhost:33418` or `cursor:`. */
    readonly host: string;
    readonly destination: Destination;
  };
  /** What speaks for a trick: said in red. */
  readonly suspicion: Suspicion | undefined;
  readonly resource: { readonly identifier: string; readonly name: string | undefined } | undefined;
  readonly scopes: readonly {
    readonly name: string;
    readonly sentence: string | undefined;
    /** Whether the MCP server is set up with it; anything else the client may have invented. */
    readonly declared: boolean;
    /** Granted only where this field of the form is `yes`. */
    readonly tick?: string;
  }[];
  /** True when the client can stay connected without asking again (a refresh token will be issued). */
  readonly staysConnected: boolean;
  /** Where the person sees every app that may act for them. */
  readonly home: string;
  readonly account: ShownAccount;
}

/**
 * Where an answer goes. `operator`: to a client the operator set up. `known`: to a website that is a known
 * client's own. `local`: to a program on the person's computer. `stranger`: to a website nobody vouches for.
 */
export type Destination = "operator" | "known" | "local" | "stranger";

/**
 * What speaks for a trick. `name`: it calls itself like a known client, `host`: its host looks like such a
 * one's domain.
 */
export type Suspicion =
  | { readonly kind: "name" | "host"; readonly host: string; readonly imitates: string }
  | { readonly kind: "punycode"; readonly host: string };

export interface ErrorPage {
  readonly kind: "error";
  readonly status: number;
  /** What happened. */
  readonly reason: Reason;
  /** The OAuth error code and hint, for whoever writes the client; in English. */
  readonly detail: string | undefined;
  /** Reference id that also stands in the log. */
  readonly reference: string;
  /** The client's redirect URI carrying the error, offered as a link instead of followed (B20, Z05). */
  readonly continueTo: WayBack | undefined;
}

/** How a person takes an error to the app. */
export interface WayBack {
  readonly uri: string;
  readonly host: string;
  /** False: of the address nobody knows whose it is (B20). */
  readonly isVouched: boolean;
}

export interface HomePage {
  readonly kind: "home";
  readonly issuer: string;
  /** Where somebody signs in, with the title of the provider where there are several; else none. */
  readonly signIn: readonly { readonly href: string; readonly provider: string | undefined }[];
  /** The signed-in account and the CSRF value of its sign-out form. */
  readonly session:
    | {
        readonly account: ShownAccount;
        /** Path of the console, for an administrator. */
        readonly console: string | undefined;
        readonly csrf: string;
        readonly signOut: string;
        /** Where they look after their passkeys, where they have some. */
        readonly passkeys: string | undefined;
        /** The newest first, and how many there are in all. */
        readonly apps: readonly ConnectedApp[];
        readonly count: number;
        readonly appsAction: string;
        readonly appsCsrf: string;
      }
    | undefined;
}

/** One installation of an app that may act for a person. */
export interface ConnectedApp {
  readonly grant: string;
  readonly client: {
    readonly id: string;
    readonly name: string | undefined;
    readonly certainName: string | undefined;
    /** `undefined`: its registration is gone. */
    readonly vouchedBy: ConsentPage["client"]["vouchedBy"] | undefined;
  };
  readonly resource: { readonly identifier: string; readonly name: string | undefined } | undefined;
  readonly scopes: readonly { readonly name: string; readonly sentence: string | undefined }[];
  /** Seconds since 1970, like the others. */
  readonly connectedAt: number;
  /** Right to ten minutes. */
  readonly usedAt: number;
  /** From where it last asked for tokens, where that is known. */
  readonly address: string | undefined;
  /** If it does not come back before. */
  readonly endsAt: number;
}

/** Before everything of a kind is ended at once. */
export interface AppsQuestionPage {
  readonly kind: "apps-question";
  readonly action: string;
  readonly home: string;
  readonly csrf: string;
  readonly act: "disconnect_all" | "sign_out_everywhere";
  /** How many apps, or browsers. */
  readonly count: number;
}

export interface SignedOutPage {
  readonly kind: "signed-out";
}

export interface DevelopmentSignInPage {
  readonly kind: "development-sign-in";
  readonly action: string;
  readonly state: string;
  /** The address typed before, when it was refused. */
  readonly email: string;
  readonly problem: "malformedAddress" | undefined;
}

/** Whether the page's script uses or makes a passkey: all other pages work without any (V70). */
export const hasScript = (page: Page): boolean => "options" in page;

/** Where somebody signs in by passkey. */
export interface PasskeySignInPage {
  readonly kind: "passkey-sign-in";
  readonly action: string;
  /** Where people look after their passkeys. */
  readonly own: string;
  readonly state: string;
  /** For the page's script: `PublicKeyCredentialRequestOptionsJSON`. */
  readonly options: string;
  readonly problem: PasskeyProblem | undefined;
}

/** What an invitation's link shows: looking at it takes nothing. */
export interface InvitationPage {
  readonly kind: "invitation";
  readonly action: string;
  readonly token: string;
  /** Whom it is for; `undefined`: the first person, who says it. */
  readonly email: string | undefined;
}

/** Where the person registers a passkey, once their browser has taken the invitation. */
export interface PasskeyRegistrationPage {
  readonly kind: "passkey-registration";
  readonly action: string;
  readonly invitation: string;
  /** `undefined`: it is asked for. */
  readonly email: string | undefined;
  /** What was typed before, when it was refused. */
  readonly typed: string;
  /** Whether it takes the place of passkeys that the person has. */
  readonly replaces: boolean;
  /** For the page's script: `PublicKeyCredentialCreationOptionsJSON`. */
  readonly options: string;
  readonly problem: PasskeyProblem | undefined;
}

/** After a registration: what comes next. */
export interface PasskeyReadyPage {
  readonly kind: "passkey-ready";
  readonly email: string;
  readonly own: string;
}

/** Where somebody shows a passkey to look after their own. */
export interface PasskeyEntrancePage {
  readonly kind: "passkey-entrance";
  readonly action: string;
  readonly options: string;
  readonly problem: PasskeyProblem | undefined;
}

/** A person's passkeys, and a form for another one. */
export interface OwnPasskeysPage {
  readonly kind: "own-passkeys";
  readonly action: string;
  readonly email: string;
  /** The CSRF value of the forms that remove one. */
  readonly csrf: string;
  readonly passkeys: readonly {
    /** Public: each site it is shown to sees it. */
    readonly id: string;
    /** Empty: the person gave none. */
    readonly name: string;
    /** Seconds since 1970, as all instants here. */
    readonly createdAt: number;
    readonly lastUsedAt: number | undefined;
    readonly synced: boolean;
  }[];
  readonly options: string;
  readonly problem: PasskeyProblem | undefined;
}

/** Asked before one of a person's passkeys is removed. */
export interface RemovePasskeyPage {
  readonly kind: "remove-passkey";
  readonly action: string;
  readonly csrf: string;
  readonly passkey: { readonly id: string; readonly name: string };
  /** How many there are, this one included. */
  readonly count: number;
}

/**
 * Why a page of passkeys is shown again. `refused`: the passkey was not accepted, for whatever reason.
 * `counter`: it may have been copied. `over`: the page was open for too long, or answered before. `known`:
 * such a passkey is registered already. `held`: another person has the address. `full`: no room for one more.
 * `last`: the only one is not removed.
 */
export type PasskeyProblem =
  | "refused"
  | "counter"
  | "over"
  | "known"
  | "held"
  | "full"
  | "last"
  | "malformedAddress"
  | "foreignAddress";
