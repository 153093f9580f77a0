import type { KnownClientName, Reason } from "../reason.ts";

/**
 * What the protocol has to show to a person: plain data without a sentence of ours. The `pages/` room turns
 * it into HTML, nothing else reads it. Every string here may come from a stranger; escaping is the renderer's
 * work.
 */
export type Page = ConsentPage | ErrorPage | HomePage | SignedOutPage | DevelopmentSignInPage;

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
  }[];
  /** True when the client can stay connected without asking again (a refresh token will be issued). */
  readonly staysConnected: boolean;
  readonly account: { readonly email: string };
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
  /** B20: the client's redirect URI carrying the error, offered as a link instead of followed. */
  readonly continueTo: { readonly uri: string; readonly host: string } | undefined;
}

export interface HomePage {
  readonly kind: "home";
  readonly issuer: string;
  /** The signed-in account and the CSRF value of its sign-out form. */
  readonly session: { readonly email: string; readonly csrf: string; readonly signOut: string } | undefined;
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
