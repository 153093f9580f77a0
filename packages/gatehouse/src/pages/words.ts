import type { PasskeyProblem } from "../oauth/messages/page.ts";
import type { KnownClientName, ReasonDetails, ReasonKey } from "../oauth/reason.ts";
import { type Html, html } from "./html.ts";
import { inUnits } from "./span.ts";

/*
 * Every sentence that a person reads, in English: the source. Each other language is a catalogue of the same
 * keys beside it (`words.de.ts`), and `language.ts` chooses. Whoever writes a page takes its words from here:
 * `npm run check` finds those that stand anywhere else. An entry is a text, or a function of named
 * parameters.
 */

export type Words = typeof english;

/** What happened, in one short line; and what it means and what the person can do now, a sentence or two. */
export interface Explanation {
  readonly title: string;
  readonly explanation: string;
}

/** What each reason reads like. */
export type Explanations = { readonly [K in ReasonKey]: (details: ReasonDetails[K]) => Explanation };

const longDay = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("en", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const longMoment = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});
const amount = new Intl.NumberFormat("en-GB");
const alternatives = new Intl.ListFormat("en-GB", { type: "disjunction" });

/** `10 minutes`, `2 hours`. */
function span(seconds: number): string {
  const { unit, count } = inUnits(seconds);
  return new Intl.NumberFormat("en-GB", { style: "unit", unit, unitDisplay: "long" }).format(count);
}

export const english = {
  footer: "Gatehouse keeps your sign-in between you and your MCP servers.",

  consent: {
    title: ({ app }: { app: string }) => `Allow ${app}?`,
    titleWithoutName: "Allow an app?",
    step: "Connect an app",
    heading: ({ app, server }: { app: Html | string; server: Html | string }) =>
      html`${app} wants to use ${server} as you`,
    callsItself: ({ name }: { name: Html }) =>
      html`<span class="lead">An app that calls itself</span> ${name}`,
    withoutName: "An app without a name",
    withUnreadableName: "An app with an unreadable name",
    quoted: ({ name }: { name: string }) => `“${name}”`,
    account: "your account",
    serverAt: ({ host }: { host: Html }) => html`the MCP server at ${host}`,
    setUpHere: "Set up by whoever runs this server",
    publishedBy: ({ host }: { host: Html }) => html`Published by ${host}`,

    whereAccessGoes: "Where access goes",
    goesTo: ({ host }: { host: Html }) => html`Access goes to ${host}`,
    goesToOwnSite: ({ host, app }: { host: Html; app: string }) =>
      html`Access goes to ${host}, where ${app}’s answers really go.`,
    goesToOperatorsSite: ({ host }: { host: Html }) => html`Access goes to ${host}.`,
    goesToWebsite: "Access goes to the website",
    onlyIfKnown: "Continue only if you know this website and just came from it.",
    goesToApp: ({ scheme }: { scheme: Html }) =>
      html`Access goes to the app that opens links beginning with ${scheme}`,
    anyProgram: "This may be any program on this computer: only you know whether you just started it.",
    anyProgramCalledLikeIt: ({ name }: { name: Html }) =>
      html`Any program on this computer can call itself ${name}: only you know whether you just started it.`,
    anyProgramLikeIt: ({ name }: { name: Html }) =>
      html`Any program on this computer can say it is ${name}: only you know whether you just started it.`,
    anyApp: "This may be any app on this computer: only you know whether you just started it.",
    anyAppCalledLikeIt: ({ name }: { name: Html }) =>
      html`Any app on this computer can call itself ${name}: only you know whether you just started it.`,
    anyAppLikeIt: ({ name }: { name: Html }) =>
      html`Any app on this computer can say it is ${name}: only you know whether you just started it.`,
    fullAddress: "Full address",
    registeredOn: ({ day }: { day: Date }) => `Registered itself here on ${longDay.format(day)}.`,

    trickByName: ({ name, host, imitates }: { name: Html; host: Html; imitates: string }) =>
      html`This may be a trick: it calls itself ${name}, but ${host} is not an address of ${imitates}.`,
    trickByUnreadableName: ({ host, imitates }: { host: Html; imitates: string }) =>
      html`This may be a trick: its name is made to look like ${imitates}, but ${host} is not an address of ${imitates}.`,
    trickByHost: ({ host, imitates }: { host: Html; imitates: string }) =>
      html`This may be a trick: ${host} looks like ${imitates}, but is not.`,
    trickByLetters: ({ host }: { host: Html }) =>
      html`This may be a trick: ${host} stands for letters that can look like those of another address.`,

    itMay: "It may",
    knowAddress: "Know your e-mail address",
    useServer: "Use this server as you",
    stayConnected: "Stay connected without asking you again",
    alsoNames: ({ scopes }: { scopes: Html }) =>
      html`It also names ${scopes}, which this page cannot explain`,
    alsoNamesMore: ({ scopes, more }: { scopes: Html; more: number }) =>
      html`It also names ${scopes} and ${amount.format(more)} more, which this page cannot explain`,
    onlyWhatYouTick: "And this only if you tick it",
    mcpServer: "MCP server",
    yourAccount: "Your account",

    confirm: ({ host }: { host: Html }) => html`I know ${host} and just came from there`,
    approve: "Approve",
    deny: "Deny",
    notYou: "Not you?",
    yourApps: "See every app that may act for you",
    anotherAccount: "Use another account",

    saysOfItself: "What the app says of itself",
    aboutTheApp: "About the app",
    privacyPolicy: "Privacy policy",
    terms: "Terms",
  },

  account: {
    withoutAddress: "An account without an e-mail address",
  },

  chooseProvider: {
    title: "Sign in",
    heading: "How do you want to sign in?",
    toUse: ({ server }: { server: Html }) =>
      html`An app wants to use ${server} as you. First say who you are.`,
    narrowed: "What you want to use takes only these:",
    narrowedTo: ({ server }: { server: Html }) =>
      html`To use ${server} you have to sign in with one of these:`,
    usedLast: "used last time",
    unreachable: ({ provider }: { provider: Html }) =>
      html`${provider} cannot be reached right now. Nothing is wrong with your account. Try again in a few minutes, or sign in another way.`,
    back: "Cancel and go back to the app",
  },

  refusedPerson: {
    step: "Signing in",
    account: "Account used",
    provider: "Signed in with",
    anotherAccount: "Use another account",
    tryAgain: "Try again",
    back: "Go back to the app",
  },

  brand: {
    logo: "Logo of this service",
    privacy: "Privacy",
    terms: "Terms",
    imprint: "Legal notice",
  },

  help: {
    whomToAsk: "Whom to ask",
    operator: "Whoever runs this server",
  },

  home: {
    title: "Sign-in server",
    heading: "This server signs you in to MCP servers",
    nothingToDo:
      "There is nothing to do here. Add an MCP server's address to your app; it sends you here when it needs your approval.",
    nobodySignedIn: "You are not signed in in this browser.",
    signedIn: ({ account }: { account: Html }) =>
      html`You are signed in as ${account}. Signing out does not disconnect your apps.`,
    signInToSee: "Sign in to see which apps may act for you, and to disconnect them.",
    signIn: "Sign in",
    signInWith: ({ provider }: { provider: string }) => `Sign in with ${provider}`,
    console: "Open the console",
    signOut: "Sign out",
    issuer: "Issuer, for developers",
    signedOutTitle: "Signed out",
    signedOut: "You are signed out",
    appsStayConnected:
      "The next app that needs your approval will ask you to sign in again. Apps you connected before stay connected.",
  },

  connectedApps: {
    heading: "Apps that may act for you",
    none: "No app is connected to your account.",
    withoutName: "An app without a name",
    quoted: ({ name }: { name: string }) => `“${name}”`,
    setUpHere: "Set up by whoever runs this server.",
    publishedBy: ({ host }: { host: Html }) => html`Published by ${host}.`,
    knownApp: "It answers at this app’s own address.",
    nobodyVouches: "It chose this name itself; nobody vouches for it.",
    registrationGone: "It is not registered here any more.",
    noServer: "Knows your e-mail address.",
    since: ({ day }: { day: Date }) => `Connected on ${longDay.format(day)}.`,
    used: ({ day }: { day: Date }) => `Last used on ${minute.format(day)} (UTC).`,
    usedFrom: ({ day, address }: { day: Date; address: string }) =>
      `Last used on ${minute.format(day)} (UTC), its access last renewed from ${address}.`,
    until: ({ day }: { day: Date }) => `Ends on ${longDay.format(day)} unless it is used.`,
    disconnect: "Disconnect",
    disconnectThis: ({ app }: { app: string }) => `Disconnect ${app}`,
    more: ({ more }: { more: number }) => `And ${more} more that were connected before these.`,
    disconnectAll: "Disconnect all apps",
    signOutEverywhere: "Sign out everywhere",
    no: "No, go back",
    questions: {
      disconnect_all: {
        title: "Disconnect all apps",
        heading: ({ count }: { count: number }) =>
          count === 1 ? "Disconnect 1 app?" : `Disconnect ${count} apps?`,
        explanation:
          "None of them can do anything for you from that moment on. To use one again, connect it anew.",
        yes: "Disconnect all",
      },
      sign_out_everywhere: {
        title: "Sign out everywhere",
        heading: ({ count }: { count: number }) =>
          count === 1 ? "Sign out of 1 browser?" : `Sign out of ${count} browsers?`,
        explanation: "This browser is one of them. Your apps stay connected.",
        yes: "Sign out everywhere",
      },
    },
  },

  developmentSignIn: {
    title: "Development sign-in",
    heading: "Who do you want to be?",
    warning: "For development only: whoever types an address is that person. It runs on this computer alone.",
    address: "E-mail address",
    exampleAddress: "you@example.com",
    malformedAddress: "Type an e-mail address, such as you@example.com.",
    signIn: "Sign in",
  },

  passkeys: {
    signInTitle: "Sign in",
    signInHeading: "Sign in with your passkey",
    signInExplanation:
      "Your device asks for your fingerprint, your face or its PIN. None of that leaves it, and there is no password.",
    signIn: "Use my passkey",
    noneYet: "No passkey yet, or lost it? Ask whoever runs this server for an invitation.",
    lookAfter: "Your passkeys",

    invitation: "Invitation",
    invitationHeading: "You are invited to sign in here",
    invitationFor: ({ account }: { account: Html }) =>
      html`This invitation is for ${account}, and for nobody else: whoever uses it signs in as them.`,
    invitationForFirst:
      "You are the first person here. Whoever uses this invitation can sign in, so use it yourself, and now.",
    invitationBinds:
      "You will make a passkey on this device. Once you continue, the invitation can be finished in this browser only.",
    proceed: "Continue",

    registrationTitle: "Make a passkey",
    registrationHeading: "Make your passkey",
    registrationExplanation:
      "A passkey takes the place of a password: your device keeps it, and unlocks it with your fingerprint, your face or its PIN.",
    registrationFor: ({ account }: { account: Html }) => html`With it you sign in as ${account}.`,
    replaces:
      "It takes the place of every passkey you have had here: those stop working, and browsers that are signed in are signed out.",
    address: "Your e-mail address",
    name: "A name for it, if you like",
    exampleName: "Work laptop",
    register: "Make a passkey",

    readyHeading: "Your passkey is ready",
    ready: ({ account }: { account: Html }) => html`From now on you sign in as ${account} with it.`,
    readyNext:
      "There is nothing more to do here. Add an MCP server’s address to your app; it sends you here when you need to sign in.",
    another: "A second passkey, on another device, keeps you from being locked out when this one is lost:",

    ownHeading: "Your passkeys",
    entranceHeading: "Show a passkey to see yours",
    entranceExplanation:
      "You can look at your passkeys and add another one, for a second device. Whoever is signed in in this browser does not count here.",
    ownOf: ({ account }: { account: Html }) => html`With each of these you sign in as ${account}.`,
    unnamed: "Unnamed passkey",
    madeOn: ({ day }: { day: Date }) => `Made on ${longDay.format(day)}`,
    lastUsed: ({ day }: { day: Date }) => `Last used on ${longDay.format(day)}`,
    neverUsed: "Never used yet",
    synced: "Synchronised between your devices",
    notSynced: "On one device only",
    remove: "Remove",
    removeThis: ({ name }: { name: string }) => `Remove the passkey ${name}`,
    removeTitle: "Remove a passkey",
    removeHeading: ({ name }: { name: Html }) => html`Remove the passkey ${name}?`,
    removeExplanation: ({ left }: { left: number }) =>
      `Nobody signs in here with it any more; you will have ${left === 1 ? "one passkey" : `${left} passkeys`} left. Browsers that are signed in and apps that are connected stay so. What the device itself stores has to be deleted there.`,
    removeIt: "Remove it",
    leaveIt: "Leave it",
    addHeading: "Add another passkey",
    addExplanation: "Your browser offers this device, a phone nearby, or a security key.",
    add: "Add a passkey",
    lost: "Lost one? Ask whoever runs this server for a new invitation: the passkey you make with it replaces all of these.",

    problems: {
      refused: "This passkey was not accepted. Try again, or use another one.",
      counter:
        "This passkey was not accepted: it may have been copied. Try once more; if it fails again, tell whoever runs this server, and ask them for a new invitation.",
      over: "This page was open for too long, or was answered before. Try again.",
      known: "This passkey is registered already. Make one on another device, or with another app.",
      held: "Somebody else has this e-mail address here. Use another one, or ask whoever runs this server.",
      last: "This is your only passkey: without it you could not come in. Add another one before.",
      full: "You have as many passkeys as a person can have. Ask whoever runs this server for a new invitation to begin anew.",
      malformedAddress: "Type an e-mail address, such as you@example.com.",
      foreignAddress:
        "People with an address of this domain do not sign in with a passkey here. Use another address, or ask whoever runs this server.",
    } satisfies Record<PasskeyProblem, string>,
    /** What only the browser knows. */
    onDevice: {
      unsupported:
        "This browser cannot use passkeys. Open this page in a current browser, on a device with a screen lock.",
      late: "This page was open for too long.",
      failed: "That did not work on this device. Try again, or use another browser or device.",
    },
    onDeviceOf: {
      get: {
        cancelled:
          "You stopped it, or this device has no passkey for here. Try again; to use one of another device, choose that in the browser’s window.",
      },
      create: {
        cancelled: "You stopped it, or this device cannot make a passkey. Try again, or use another device.",
        known:
          "This device has a passkey of yours for here already: you can sign in with it. To add one, use another device.",
      },
    },
    tryAgain: "Try again",
    noScript: "Passkeys need JavaScript. Allow it for this page, and load it again.",
  },

  mail: {
    invitationSubject: ({ host }: { host: string }) => `Your invitation to sign in at ${host}`,
    invitation: ({ host, link, until }: { host: string; link: string; until: Date }) =>
      `You are invited to sign in at ${host}, which connects your apps to MCP servers.

Open this link in the browser and on the device you want to sign in with, and make a passkey there:

${link}

It works once, until ${longMoment.format(until)} UTC. It is for you alone: whoever uses it signs in as you. If you did not expect it, do nothing.`,
  },

  error: {
    ifItIs: ({ app }: { app: string }) => `If it is ${app}`,
    addressUnvouched:
      "The app asked to be told about this at an address nobody vouches for. Go there only if you trust it:",
    back: "Go back to the app",
    goBackTo: ({ host }: { host: Html }) => html`Go back to ${host}`,
    reference: "Reference",
    forDeveloper: "For the app's developer",
  },

  reasons: {
    unavailable: () => ({
      title: "Please try again in a moment",
      explanation:
        "The sign-in service cannot answer right now. Nothing was changed. Go back to your app and try once more.",
    }),
    storeBusy: () => ({
      title: "Too busy just now",
      explanation: "Go back and try again in a moment. Nothing was lost, and nothing was changed.",
    }),
    storeUnreachable: () => ({
      title: "This server cannot reach its database",
      explanation: "Try again in a minute. It is not your fault, and nothing was changed.",
    }),
    storeFull: () => ({
      title: "This server cannot store anything now",
      explanation:
        "Whoever runs it has been told in the log. It is not your fault, and nothing was changed. Try again later.",
    }),
    failed: () => ({
      title: "Something went wrong on our side",
      explanation:
        "This is not your fault and nothing was shared. Go back to your app and try once more; if it fails again, give the reference below to whoever runs this server.",
    }),
    brokeOff: () => ({
      title: "Something went wrong on our side",
      explanation:
        "Go back to your app and try once more; if it fails again, give the reference below to whoever runs this server.",
    }),
    tooManyAttempts: ({ seconds }) => ({
      title: "Too many attempts",
      explanation:
        seconds === undefined
          ? "Too many attempts came from your network. Please wait a minute, then go back to your app and try again."
          : `Too many attempts came from your network. It goes on by itself in ${span(seconds)}: leave this page open.`,
    }),
    unusableRequest: () => ({
      title: "This sign-in link does not work",
      explanation:
        "Your app sent a request this server cannot accept, so nothing was shared. Update the app or start again from it; its developer can use the detail below.",
    }),
    unknownApp: () => ({
      title: "This server does not know the app",
      explanation:
        "The app uses a registration that does not exist here (any more): it was not used for long, or this server was set up anew. Remove this server in the app, or sign out of it there, and add it again: it then registers anew.",
    }),
    forgottenApp: ({ app }) => ({
      title: `This server does not know this ${app.name} any more`,
      explanation: `${app.name} uses a registration that does not exist here (any more): it was not used for long, or this server was set up anew.`,
    }),
    refusedApp: ({ host }) => ({
      title: "This app is not accepted here",
      explanation: `Whoever runs this server does not accept apps published by ${host}. Ask them, if you need it.`,
    }),
    faultyDocument: ({ app = "The app", host }) => ({
      title: `${app} describes itself in a way this server cannot use`,
      explanation: `The description that ${host} publishes of the app is faulty, so nothing was shared. Update the app, or tell its developer.`,
    }),
    missingDocument: ({ app = "the app", host }) => ({
      title: `This server cannot check who ${app} is`,
      explanation: `The description of the app could not be fetched from ${host}, so nothing was shared. Try again in a minute. Should it go on, tell whoever runs this server: a copy of the description can be kept here (CIMD_DOCUMENTS).`,
    }),
    unknownRedirect: ({ app = "The app", uri = "" }) => ({
      title: "The app wants the answer sent to an unknown address",
      explanation: `${app} sent an answer address it never registered${uri && `: ${uri}`}. For your safety nothing was sent there. If you just updated or moved the app, remove this server in it and add it again, so that it registers its new address. If that does not help, whoever runs this server has to register it.`,
    }),
    provisionedRedirect: ({ uri }) => ({
      title: "The app wants the answer sent to an unknown address",
      explanation: `Whoever runs this server has set up the app, and not for this address: ${uri}. For your safety nothing was sent there. Tell them the address and the reference below: they can add it. To remove this server in the app and add it again does not help.`,
    }),
    unknownResource: ({ asked, known }) => ({
      title: "This server does not look after that MCP server",
      explanation:
        asked === undefined
          ? "Your app asked for access to an MCP server that is not set up here. Check the server's address in your app, or ask whoever runs it."
          : `Your app asked for ${asked}, which this server does not know.${known === undefined ? "" : ` It knows ${known}.`} Check the server's address in your app, or ask whoever runs it.`,
    }),
    nobodySignedIn: () => ({
      title: "The app wanted to connect without asking you",
      explanation:
        "It asked for no page to be shown, and you are not signed in here, so nothing was shared. To connect it, start from the app itself.",
    }),
    notApproved: () => ({
      title: "The app wanted to connect without asking you",
      explanation:
        "It asked for no page to be shown, and you have not approved it, so nothing was shared. To connect it, start from the app itself.",
    }),
    notSignedIn: () => ({
      title: "You were not signed in",
      explanation: "Nothing was shared. Go back to your app and start again if you want to connect it.",
    }),
    providerUnreachable: () => ({
      title: "The sign-in service does not answer",
      explanation:
        "Where you sign in cannot be reached right now, so you were not signed in. Nothing is wrong with your account. Try again in a few minutes, or go back and sign in another way if you have one.",
    }),
    providerClock: ({ seconds }) => ({
      title: "The clocks do not agree",
      explanation:
        seconds > 0 && seconds < 3600
          ? `The sign-in service’s clock is ${span(seconds)} ahead of ours, so what it says cannot be believed. It is not your fault; tell whoever runs this server.`
          : `The clocks of the sign-in service and this server differ by ${span(Math.abs(seconds))}, so what it says cannot be believed. It is not your fault; tell whoever runs this server.`,
    }),
    providerUnproven: () => ({
      title: "The sign-in service could not prove itself",
      explanation:
        "Its keys have changed, or somebody else answered in its place, so you were not signed in. Try again in 30 seconds; if it fails again, tell whoever runs this server.",
    }),
    providerRefusesUs: () => ({
      title: "The sign-in service does not accept this server",
      explanation:
        "Only whoever runs this server can mend that: tell them. Nothing is wrong with your account, and nothing was shared with the app.",
    }),
    providerAnswer: () => ({
      title: "The sign-in service’s answer cannot be used",
      explanation:
        "You were not signed in, and nothing was shared with the app. It is not your fault. Try again from the app; if it fails again, tell whoever runs this server.",
    }),
    cancelled: ({ provider = "the sign-in service", app = "the app" }) => ({
      title: "You were not signed in",
      explanation: `You cancelled at ${provider}, or it does not let you in. Nothing was given to ${app}. Try again, or go back to the app.`,
    }),
    turnedAway: ({ provider = "The sign-in service", app = "the app" }) => ({
      title: "You were not signed in",
      explanation: `${provider} does not let this account in here. Ask to be assigned to this server there, or try again with another account. Nothing was given to ${app}.`,
    }),
    foreignAccount: ({ email, domains }) => ({
      title: "This account may not sign in here",
      explanation:
        domains.length === 0 || email === ""
          ? "Accounts of its organisation may not sign in here. Use another account, or ask. Nothing was shared with the app."
          : `You signed in as ${email}; only people of ${alternatives.format(domains)} may. Use another account, or ask. Nothing was shared with the app.`,
    }),
    blockedPerson: () => ({
      title: "You were not signed in",
      explanation:
        "Whoever runs this server has ended your access to it, so nothing was shared. If you think that is a mistake, ask them; nothing is wrong with your account elsewhere.",
    }),
    noAddress: () => ({
      title: "This account shows no e-mail address",
      explanation:
        "This server knows people by their e-mail address, and where you signed in none was given for this account. Nothing was shared with the app.",
    }),
    unverifiedAddress: ({ email = "the address of this account" }) => ({
      title: "The e-mail address of this account is not verified",
      explanation: `Your sign-in service has not confirmed ${email}. Confirm it there, then try again, or use another account. Nothing was shared with the app.`,
    }),
    accountNotAllowed: () => ({
      title: "This account may not sign in here",
      explanation:
        "Whoever runs this server decides which accounts may, and this one is not among them. Nothing is wrong with the account, and nothing was shared with the app.",
    }),
    resourceNotAllowed: () => ({
      title: "This account has no access to that",
      explanation:
        "You are signed in, but whoever runs this server has not given this account access to what the app wants to use. Nothing was shared with the app.",
    }),
    scopeNotAllowed: () => ({
      title: "This account may do nothing of what the app asks for",
      explanation:
        "You may use this server, but not for what the app wants to do. Nothing was shared with the app.",
    }),
    groupsUnknown: () => ({
      title: "Your groups could not be looked up",
      explanation:
        "Whether you have access depends on the groups this account is in, and where you signed in they were not told. Try again in a while; if it stays so, ask whoever runs this server. Nothing was shared with the app.",
    }),
    addressTaken: () => ({
      title: "This e-mail address belongs to another account",
      explanation:
        "Somebody signed in here with the same address and another account before, so this one may not have it. If the address is yours now, whoever runs this server can release it. Nothing was shared with the app.",
    }),
    untickedAddress: () => ({
      title: "You were not signed in",
      explanation:
        "Your identity provider was not allowed to tell this server your e-mail address, so nothing was shared. Go back to your app, start again and leave it ticked there: it is needed to sign in here.",
    }),
    untickedOrganisations: () => ({
      title: "You were not signed in",
      explanation:
        "Your identity provider was not allowed to tell this server which organisations you are in, so nothing was shared. Go back to your app, start again and leave it ticked there: it is needed to sign in here.",
    }),
    untickedAddressAndOrganisations: () => ({
      title: "You were not signed in",
      explanation:
        "Your identity provider was not allowed to tell this server your e-mail address and which organisations you are in, so nothing was shared. Go back to your app, start again and leave it ticked there: it is needed to sign in here.",
    }),
    notMember: () => ({
      title: "You were not signed in",
      explanation:
        "Only members of certain organisations may sign in here, and this account is in none of them. If you were invited to one, accept the invitation first. Otherwise go back to your app, start again and choose another account, or ask whoever runs this server.",
    }),
    unknownMembership: () => ({
      title: "You were not signed in",
      explanation:
        "Your identity provider did not say which organisations this account is in, so nothing was shared. Sign in to your organisation there, then go back to your app and start again. If that does not help, ask whoever runs this server: the log says what is missing.",
    }),
    invitationOver: () => ({
      title: "This invitation cannot be used",
      explanation:
        "It was used, it expired, a newer one took its place, or it was begun in another browser. Ask whoever runs this server for a new one.",
    }),
    pageOver: () => ({
      title: "This page is no longer valid",
      explanation:
        "It was already answered, it expired, or it was opened in another browser. Go back to your app and start again: it takes a few seconds.",
    }),
    attemptExpired: ({ seconds, limit }) => ({
      title: "This sign-in took too long",
      explanation: `It was begun ${span(seconds)} ago and is good for ${span(limit)}. Start it again in the app.`,
    }),
    alreadyAnswered: () => ({
      title: "This page is no longer valid",
      explanation:
        "It was already answered in this browser. Go back to your app: it may be connected by now. If it is not, start again there.",
    }),
    otherBrowser: () => ({
      title: "This sign-in belongs to another browser",
      explanation:
        "It was begun in another browser, or this one has lost its cookie. Go on where you began, or start again in the app and stay in one browser.",
    }),
    noCookie: ({ host }) => ({
      title: "Your browser did not bring back the cookie of this sign-in",
      explanation: `Allow cookies for ${host}, or begin again in the same browser: start again in the app. If you do allow them, tell whoever runs this server: something between you and it, such as a proxy, may drop them.`,
    }),
    damagedLink: () => ({
      title: "This link is damaged",
      explanation: "Go back to your app and start again from there.",
    }),
    anotherComputer: () => ({
      title: "The development sign-in answers this computer only",
      explanation:
        "Open it in a browser on the computer where gatehouse dev runs, without a proxy in between. To let others in, run gatehouse serve with an identity provider.",
    }),
    nothingHere: () => ({
      title: "There is nothing here",
      explanation:
        "Check the address. To connect an MCP client, give it the address of the MCP server, not this one.",
    }),
    wrongAddress: ({ ours, theirs }) => ({
      title: "This is not the server’s address",
      explanation: `This is the sign-in server of ${ours}; you came by ${theirs}. Use its own address, or tell whoever runs this server.`,
    }),
    wrongMethod: () => ({
      title: "This page cannot be opened like that",
      explanation: "Go back to your app and start again from there.",
    }),
    tooLarge: () => ({
      title: "That was too much",
      explanation: "The form was larger than anything this server expects.",
    }),
    linkTooLong: () => ({
      title: "This link is too long",
      explanation:
        "Your app made a link this server does not accept; its developer should shorten the state parameter.",
    }),
    unreadableForm: () => ({
      title: "This form cannot be read",
      explanation: "It was sent in an encoding this server does not accept.",
    }),
  } satisfies Explanations,

  /** How a person has each app forget its registration; below it stands the command, where there is one. */
  resets: {
    Codex: "In a terminal, sign out of this server in Codex and in again, with the name it has there:",
    "Claude Code":
      "In Claude Code, open /mcp, choose this server, choose “Clear authentication”, then “Authenticate”. Should that not help, remove the server and add it again:",
    Claude: "In Claude, open Settings, then Connectors, disconnect and remove this server, and add it again.",
    ChatGPT: "In ChatGPT, open Settings, then Apps & Connectors, delete this connector and create it again.",
    "Visual Studio Code":
      "In Visual Studio Code, open the command palette, run this command, remove this server's entry, and start the server again:",
    Cursor:
      "In Cursor, open Settings, then Tools & MCP, log out of this server, switch it off and on again, and connect.",
    "MCP Inspector":
      "In the Inspector, open this server's settings, choose “Clear stored OAuth state” (in older ones: Auth Settings, “Clear OAuth State”), and connect again.",
    "Gemini CLI": "In Gemini CLI, sign in to this server anew, with the name it has there:",
    "mcp-remote":
      "mcp-remote keeps what it knows of all its servers in one folder. Remove it, and start your app again; each server then asks you to sign in once more:",
    OpenCode: "In a terminal, sign out of this server in OpenCode and in again, with the name it has there:",
  } satisfies Record<KnownClientName, string>,
};
