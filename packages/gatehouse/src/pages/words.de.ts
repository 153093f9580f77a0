import { html } from "./html.ts";
import { inUnits } from "./span.ts";
import type { Words } from "./words.ts";

/* The sentences of `words.ts` in German: plain, friendly, "Sie". */

const longMoment = new Intl.DateTimeFormat("de", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});
const longDay = new Intl.DateTimeFormat("de", { dateStyle: "long", timeZone: "UTC" });
const minute = new Intl.DateTimeFormat("de", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
const amount = new Intl.NumberFormat("de");
const alternatives = new Intl.ListFormat("de", { type: "disjunction" });

/** `10 Minuten`, `2 Stunden`. */
function span(seconds: number): string {
  const { unit, count } = inUnits(seconds);
  return new Intl.NumberFormat("de", { style: "unit", unit, unitDisplay: "long" }).format(count);
}

export const german = {
  footer: "Mit Gatehouse bleibt Ihre Anmeldung zwischen Ihnen und Ihren MCP-Servern.",

  consent: {
    title: ({ app }) => `${app} den Zugriff erlauben?`,
    titleWithoutName: "Einer App den Zugriff erlauben?",
    step: "App verbinden",
    heading: ({ app, server }) => html`${app} möchte ${server} in Ihrem Namen nutzen`,
    callsItself: ({ name }) =>
      html`<span class="lead">Eine App, die sich</span> ${name} <span class="lead">nennt,</span>`,
    withoutName: "Eine App ohne Namen",
    withUnreadableName: "Eine App mit unlesbarem Namen",
    quoted: ({ name }) => `„${name}“`,
    account: "Ihr Konto",
    serverAt: ({ host }) => html`den MCP-Server unter ${host}`,
    setUpHere: "Von den Betreibern dieses Servers eingerichtet",
    publishedBy: ({ host }) => html`Veröffentlicht von ${host}`,

    whereAccessGoes: "Wer Zugriff erhält",
    goesTo: ({ host }) => html`Zugriff erhält ${host}`,
    goesToOwnSite: ({ host, app }) => html`Zugriff erhält ${host}, eine echte Adresse von ${app}.`,
    goesToOperatorsSite: ({ host }) => html`Zugriff erhält ${host}.`,
    goesToWebsite: "Zugriff erhält die Website",
    onlyIfKnown: "Fahren Sie nur fort, wenn Sie diese Website kennen und gerade von dort kommen.",
    goesToApp: ({ scheme }) => html`Zugriff erhält die App, die Links mit dem Anfang ${scheme} öffnet`,
    anyProgram:
      "Das kann jedes Programm auf diesem Computer sein: Nur Sie wissen, ob Sie es gerade gestartet haben.",
    anyProgramCalledLikeIt: ({ name }) =>
      html`Jedes Programm auf diesem Computer kann sich ${name} nennen: Nur Sie wissen, ob Sie es gerade gestartet haben.`,
    anyProgramLikeIt: ({ name }) =>
      html`Jedes Programm auf diesem Computer kann sich als ${name} ausgeben: Nur Sie wissen, ob Sie es gerade gestartet haben.`,
    anyApp: "Das kann jede App auf diesem Gerät sein: Nur Sie wissen, ob Sie sie gerade gestartet haben.",
    anyAppCalledLikeIt: ({ name }) =>
      html`Jede App auf diesem Gerät kann sich ${name} nennen: Nur Sie wissen, ob Sie sie gerade gestartet haben.`,
    anyAppLikeIt: ({ name }) =>
      html`Jede App auf diesem Gerät kann sich als ${name} ausgeben: Nur Sie wissen, ob Sie sie gerade gestartet haben.`,
    fullAddress: "Vollständige Adresse",
    registeredOn: ({ day }) => `Hat sich hier am ${longDay.format(day)} selbst registriert.`,

    trickByName: ({ name, host, imitates }) =>
      html`Das kann eine Täuschung sein: Die App nennt sich ${name}, doch ${host} ist keine Adresse von ${imitates}.`,
    trickByUnreadableName: ({ host, imitates }) =>
      html`Das kann eine Täuschung sein: Der Name soll wie ${imitates} aussehen, doch ${host} ist keine Adresse von ${imitates}.`,
    trickByHost: ({ host, imitates }) =>
      html`Das kann eine Täuschung sein: ${host} sieht aus wie ${imitates}, ist es aber nicht.`,
    trickByLetters: ({ host }) =>
      html`Das kann eine Täuschung sein: ${host} steht für Schriftzeichen, die denen einer anderen Adresse gleichen können.`,

    itMay: "Die App darf",
    knowAddress: "Ihre E-Mail-Adresse erfahren",
    useServer: "Diesen Server in Ihrem Namen nutzen",
    stayConnected: "Verbunden bleiben, ohne Sie erneut zu fragen",
    alsoNames: ({ scopes }) => html`Sie nennt auch ${scopes}; was das heißt, kann diese Seite nicht erklären`,
    alsoNamesMore: ({ scopes, more }) =>
      html`Sie nennt auch ${scopes} und ${amount.format(more)} weitere; was das heißt, kann diese Seite nicht erklären`,
    onlyWhatYouTick: "Und dies nur, wenn Sie es ankreuzen",
    mcpServer: "MCP-Server",
    yourAccount: "Ihr Konto",

    confirm: ({ host }) => html`Ich kenne ${host} und komme gerade von dort`,
    approve: "Erlauben",
    deny: "Ablehnen",
    notYou: "Das sind nicht Sie?",
    yourApps: "Alle Apps ansehen, die für Sie handeln dürfen",
    anotherAccount: "Anderes Konto verwenden",

    saysOfItself: "Was die App über sich sagt",
    aboutTheApp: "Über die App",
    privacyPolicy: "Datenschutzerklärung",
    terms: "Nutzungsbedingungen",
  },

  account: {
    withoutAddress: "Ein Konto ohne E-Mail-Adresse",
  },

  chooseProvider: {
    title: "Anmelden",
    heading: "Womit möchten Sie sich anmelden?",
    toUse: ({ server }) =>
      html`Eine App möchte ${server} in Ihrem Namen nutzen. Sagen Sie zuerst, wer Sie sind.`,
    narrowed: "Für das, was Sie nutzen möchten, geht es nur hiermit:",
    narrowedTo: ({ server }) => html`Um ${server} zu nutzen, müssen Sie sich hiermit anmelden:`,
    usedLast: "zuletzt benutzt",
    unreachable: ({ provider }) =>
      html`${provider} ist gerade nicht erreichbar. Mit Ihrem Konto ist alles in Ordnung. Versuchen Sie es in einigen Minuten noch einmal, oder melden Sie sich auf anderem Weg an.`,
    back: "Abbrechen und zur App zurückkehren",
  },

  refusedPerson: {
    step: "Anmeldung",
    account: "Benutztes Konto",
    provider: "Angemeldet mit",
    anotherAccount: "Anderes Konto benutzen",
    tryAgain: "Noch einmal versuchen",
    back: "Zurück zur App",
  },

  brand: {
    logo: "Logo dieses Dienstes",
    privacy: "Datenschutz",
    terms: "Nutzungsbedingungen",
    imprint: "Impressum",
  },

  help: {
    whomToAsk: "Wen Sie fragen",
    operator: "Die Betreiber dieses Servers",
  },

  home: {
    title: "Anmeldeserver",
    heading: "Dieser Server meldet Sie bei MCP-Servern an",
    nothingToDo:
      "Hier gibt es nichts zu tun. Geben Sie Ihrer App die Adresse eines MCP-Servers; sie schickt Sie hierher, wenn sie Ihre Erlaubnis braucht.",
    nobodySignedIn: "Sie sind in diesem Browser nicht angemeldet.",
    signedIn: ({ account }) =>
      html`Sie sind als ${account} angemeldet. Wenn Sie sich abmelden, bleiben Ihre Apps verbunden.`,
    signInToSee:
      "Melden Sie sich an, um zu sehen, welche Apps für Sie handeln dürfen, und um sie zu trennen.",
    signIn: "Anmelden",
    signInWith: ({ provider }) => `Anmelden mit ${provider}`,
    console: "Konsole öffnen",
    signOut: "Abmelden",
    issuer: "Issuer, für Entwickler",
    signedOutTitle: "Abgemeldet",
    signedOut: "Sie sind abgemeldet",
    appsStayConnected:
      "Die nächste App, die Ihre Erlaubnis braucht, bittet Sie, sich wieder anzumelden. Apps, die Sie schon verbunden haben, bleiben verbunden.",
  },

  connectedApps: {
    heading: "Apps, die für Sie handeln dürfen",
    none: "Mit Ihrem Konto ist keine App verbunden.",
    withoutName: "Eine App ohne Namen",
    quoted: ({ name }) => `„${name}“`,
    setUpHere: "Eingerichtet von denen, die diesen Server betreiben.",
    publishedBy: ({ host }) => html`Veröffentlicht von ${host}.`,
    knownApp: "Sie antwortet unter der eigenen Adresse dieser App.",
    nobodyVouches: "Den Namen hat sie sich selbst gegeben; niemand bürgt für sie.",
    registrationGone: "Sie ist hier nicht mehr registriert.",
    noServer: "Kennt Ihre E-Mail-Adresse.",
    since: ({ day }) => `Verbunden am ${longDay.format(day)}.`,
    used: ({ day }) => `Zuletzt benutzt am ${minute.format(day)} (UTC).`,
    usedFrom: ({ day, address }) =>
      `Zuletzt benutzt am ${minute.format(day)} (UTC), der Zugang zuletzt erneuert von ${address}.`,
    until: ({ day }) => `Endet am ${longDay.format(day)}, wenn sie nicht benutzt wird.`,
    disconnect: "Trennen",
    disconnectThis: ({ app }) => `${app} trennen`,
    more: ({ more }) => `Und ${more} weitere, die vorher verbunden wurden.`,
    disconnectAll: "Alle Apps trennen",
    signOutEverywhere: "Überall abmelden",
    no: "Nein, zurück",
    questions: {
      disconnect_all: {
        title: "Alle Apps trennen",
        heading: ({ count }) => (count === 1 ? "1 App trennen?" : `${count} Apps trennen?`),
        explanation:
          "Keine von ihnen kann von da an etwas für Sie tun. Um eine wieder zu benutzen, verbinden Sie sie neu.",
        yes: "Alle trennen",
      },
      sign_out_everywhere: {
        title: "Überall abmelden",
        heading: ({ count }) => (count === 1 ? "In 1 Browser abmelden?" : `In ${count} Browsern abmelden?`),
        explanation: "Dieser Browser ist einer davon. Ihre Apps bleiben verbunden.",
        yes: "Überall abmelden",
      },
    },
  },

  developmentSignIn: {
    title: "Anmeldung für die Entwicklung",
    heading: "Wer möchten Sie sein?",
    warning:
      "Nur für die Entwicklung: Wer eine Adresse eintippt, ist diese Person. Erreichbar ist das nur auf diesem Computer.",
    address: "E-Mail-Adresse",
    exampleAddress: "sie@example.com",
    malformedAddress: "Geben Sie eine E-Mail-Adresse ein, zum Beispiel sie@example.com.",
    signIn: "Anmelden",
  },

  passkeys: {
    signInTitle: "Anmelden",
    signInHeading: "Mit Ihrem Passkey anmelden",
    signInExplanation:
      "Ihr Gerät fragt nach Fingerabdruck, Gesicht oder PIN. Nichts davon verlässt es, und ein Passwort gibt es nicht.",
    signIn: "Passkey verwenden",
    noneYet: "Noch kein Passkey, oder verloren? Bitten Sie die Betreiber dieses Servers um eine Einladung.",
    lookAfter: "Ihre Passkeys",

    invitation: "Einladung",
    invitationHeading: "Sie sind eingeladen, sich hier anzumelden",
    invitationFor: ({ account }) =>
      html`Diese Einladung gilt für ${account} und für niemanden sonst: Wer sie verwendet, meldet sich als diese Person an.`,
    invitationForFirst:
      "Sie sind hier die erste Person. Wer diese Einladung verwendet, kann sich anmelden: Verwenden Sie sie also selbst, und jetzt.",
    invitationBinds:
      "Sie erstellen einen Passkey auf diesem Gerät. Wenn Sie fortfahren, lässt sich die Einladung nur noch in diesem Browser abschließen.",
    proceed: "Weiter",

    registrationTitle: "Passkey erstellen",
    registrationHeading: "Erstellen Sie Ihren Passkey",
    registrationExplanation:
      "Ein Passkey ersetzt das Passwort: Ihr Gerät bewahrt ihn auf und entsperrt ihn mit Fingerabdruck, Gesicht oder PIN.",
    registrationFor: ({ account }) => html`Mit ihm melden Sie sich als ${account} an.`,
    replaces:
      "Er ersetzt jeden Passkey, den Sie hier bisher hatten: Diese gelten nicht mehr, und angemeldete Browser werden abgemeldet.",
    address: "Ihre E-Mail-Adresse",
    name: "Ein Name dafür, wenn Sie möchten",
    exampleName: "Laptop im Büro",
    register: "Passkey erstellen",

    readyHeading: "Ihr Passkey ist bereit",
    ready: ({ account }) => html`Von nun an melden Sie sich damit als ${account} an.`,
    readyNext:
      "Mehr gibt es hier nicht zu tun. Geben Sie Ihrer App die Adresse eines MCP-Servers; sie schickt Sie hierher, wenn Sie sich anmelden müssen.",
    another:
      "Ein zweiter Passkey auf einem anderen Gerät bewahrt Sie davor, ausgesperrt zu sein, wenn dieses verloren geht:",

    ownHeading: "Ihre Passkeys",
    entranceHeading: "Zeigen Sie einen Passkey, um Ihre zu sehen",
    entranceExplanation:
      "Sie können Ihre Passkeys ansehen und einen weiteren hinzufügen, für ein zweites Gerät. Wer in diesem Browser angemeldet ist, zählt hier nicht.",
    ownOf: ({ account }) => html`Mit jedem von ihnen melden Sie sich als ${account} an.`,
    unnamed: "Passkey ohne Namen",
    madeOn: ({ day }) => `Erstellt am ${longDay.format(day)}`,
    lastUsed: ({ day }) => `Zuletzt verwendet am ${longDay.format(day)}`,
    neverUsed: "Noch nie verwendet",
    synced: "Zwischen Ihren Geräten synchronisiert",
    notSynced: "Nur auf einem Gerät",
    remove: "Entfernen",
    removeThis: ({ name }) => `Den Passkey ${name} entfernen`,
    removeTitle: "Passkey entfernen",
    removeHeading: ({ name }) => html`Den Passkey ${name} entfernen?`,
    removeExplanation: ({ left }) =>
      `Niemand meldet sich hier mehr mit ihm an; Ihnen ${left === 1 ? "bleibt ein Passkey" : `bleiben ${left} Passkeys`}. Angemeldete Browser und verbundene Apps bleiben es. Was das Gerät selbst speichert, muss dort gelöscht werden.`,
    removeIt: "Entfernen",
    leaveIt: "Behalten",
    addHeading: "Einen weiteren Passkey hinzufügen",
    addExplanation:
      "Ihr Browser bietet dieses Gerät an, ein Telefon in der Nähe oder einen Sicherheitsschlüssel.",
    add: "Passkey hinzufügen",
    lost: "Einen verloren? Bitten Sie die Betreiber dieses Servers um eine neue Einladung: Der Passkey, den Sie damit erstellen, ersetzt alle diese.",

    problems: {
      refused: "Dieser Passkey wurde nicht angenommen. Versuchen Sie es noch einmal oder mit einem anderen.",
      counter:
        "Dieser Passkey wurde nicht angenommen: Er könnte kopiert worden sein. Versuchen Sie es noch einmal. Misslingt es wieder, sagen Sie den Betreibern dieses Servers Bescheid und bitten Sie um eine neue Einladung.",
      over: "Diese Seite war zu lange offen oder wurde schon beantwortet. Versuchen Sie es noch einmal.",
      known:
        "Dieser Passkey ist schon registriert. Erstellen Sie einen auf einem anderen Gerät oder mit einer anderen App.",
      held: "Diese E-Mail-Adresse hat hier schon jemand anderes. Verwenden Sie eine andere, oder fragen Sie die Betreiber dieses Servers.",
      last: "Das ist Ihr einziger Passkey: Ohne ihn kämen Sie nicht mehr hinein. Fügen Sie zuvor einen weiteren hinzu.",
      full: "Sie haben so viele Passkeys, wie eine Person haben kann. Bitten Sie die Betreiber dieses Servers um eine neue Einladung, um neu zu beginnen.",
      malformedAddress: "Geben Sie eine E-Mail-Adresse ein, zum Beispiel sie@example.com.",
      foreignAddress:
        "Wer eine Adresse dieser Domain hat, meldet sich hier nicht mit einem Passkey an. Verwenden Sie eine andere, oder fragen Sie die Betreiber dieses Servers.",
    },
    onDevice: {
      unsupported:
        "Dieser Browser kann keine Passkeys verwenden. Öffnen Sie diese Seite in einem aktuellen Browser, auf einem Gerät mit Bildschirmsperre.",
      late: "Diese Seite war zu lange offen.",
      failed:
        "Das hat auf diesem Gerät nicht geklappt. Versuchen Sie es noch einmal oder mit einem anderen Browser oder Gerät.",
    },
    onDeviceOf: {
      get: {
        cancelled:
          "Sie haben abgebrochen, oder dieses Gerät hat keinen Passkey für diesen Server. Versuchen Sie es noch einmal; einen von einem anderen Gerät wählen Sie im Fenster des Browsers.",
      },
      create: {
        cancelled:
          "Sie haben abgebrochen, oder dieses Gerät kann keinen Passkey erstellen. Versuchen Sie es noch einmal oder mit einem anderen Gerät.",
        known:
          "Dieses Gerät hat schon einen Passkey von Ihnen für diesen Server: Sie können sich damit anmelden. Um einen weiteren hinzuzufügen, verwenden Sie ein anderes Gerät.",
      },
    },
    tryAgain: "Noch einmal versuchen",
    noScript: "Passkeys brauchen JavaScript. Erlauben Sie es für diese Seite, und laden Sie sie neu.",
  },

  mail: {
    invitationSubject: ({ host }) => `Ihre Einladung zur Anmeldung bei ${host}`,
    invitation: ({ host, link, until }) =>
      `Sie sind eingeladen, sich bei ${host} anzumelden. Dieser Server verbindet Ihre Apps mit MCP-Servern.

Öffnen Sie diesen Link in dem Browser und auf dem Gerät, mit denen Sie sich anmelden möchten, und erstellen Sie dort einen Passkey:

${link}

Er gilt einmal, bis zum ${longMoment.format(until)} UTC, und nur für Sie: Wer ihn verwendet, meldet sich als Sie an. Wenn Sie ihn nicht erwartet haben, tun Sie nichts.`,
  },

  error: {
    ifItIs: ({ app }) => `Wenn es ${app} ist`,
    addressUnvouched:
      "Die App möchte davon unter einer Adresse erfahren, für die niemand bürgt. Öffnen Sie sie nur, wenn Sie ihr vertrauen:",
    back: "Zurück zur App",
    goBackTo: ({ host }) => html`Zurück zu ${host}`,
    reference: "Kennung",
    forDeveloper: "Für die Entwickler der App",
  },

  reasons: {
    unavailable: () => ({
      title: "Bitte versuchen Sie es gleich noch einmal",
      explanation:
        "Der Anmeldedienst kann gerade nicht antworten. Es wurde nichts geändert. Kehren Sie zu Ihrer App zurück und versuchen Sie es noch einmal.",
    }),
    storeBusy: () => ({
      title: "Gerade ist zu viel los",
      explanation:
        "Gehen Sie zurück und versuchen Sie es gleich noch einmal. Es ging nichts verloren, und es wurde nichts geändert.",
    }),
    storeUnreachable: () => ({
      title: "Dieser Server erreicht seine Datenbank nicht",
      explanation:
        "Versuchen Sie es in einer Minute noch einmal. Es liegt nicht an Ihnen, und es wurde nichts geändert.",
    }),
    storeFull: () => ({
      title: "Dieser Server kann gerade nichts speichern",
      explanation:
        "Seine Betreiber haben es im Protokoll stehen. Es liegt nicht an Ihnen, und es wurde nichts geändert. Versuchen Sie es später noch einmal.",
    }),
    failed: () => ({
      title: "Bei uns ist etwas schiefgegangen",
      explanation:
        "Es liegt nicht an Ihnen, und es wurde nichts weitergegeben. Kehren Sie zu Ihrer App zurück und versuchen Sie es noch einmal. Misslingt es wieder, nennen Sie den Betreibern dieses Servers die Kennung unten.",
    }),
    brokeOff: () => ({
      title: "Bei uns ist etwas schiefgegangen",
      explanation:
        "Kehren Sie zu Ihrer App zurück und versuchen Sie es noch einmal. Misslingt es wieder, nennen Sie den Betreibern dieses Servers die Kennung unten.",
    }),
    tooManyAttempts: ({ seconds }) => ({
      title: "Zu viele Versuche",
      explanation:
        seconds === undefined
          ? "Aus Ihrem Netz kamen zu viele Versuche. Bitte warten Sie eine Minute, kehren Sie dann zu Ihrer App zurück und versuchen Sie es noch einmal."
          : `Aus Ihrem Netz kamen zu viele Versuche. In ${span(seconds)} geht es von selbst weiter: Lassen Sie diese Seite offen.`,
    }),
    unusableRequest: () => ({
      title: "Dieser Anmeldelink funktioniert nicht",
      explanation:
        "Ihre App hat etwas angefragt, was dieser Server nicht annehmen kann; es wurde nichts weitergegeben. Aktualisieren Sie die App oder beginnen Sie dort von vorn. Ihren Entwicklern helfen die Angaben unten.",
    }),
    unknownApp: () => ({
      title: "Dieser Server kennt die App nicht",
      explanation:
        "Die App verwendet eine Registrierung, die es hier nicht (mehr) gibt: Sie wurde lange nicht benutzt, oder dieser Server wurde neu eingerichtet. Entfernen Sie diesen Server in der App, oder melden Sie sich dort von ihm ab, und fügen Sie ihn wieder hinzu: Dann registriert sie sich neu.",
    }),
    forgottenApp: ({ app }) => ({
      title: `${app.name} ist diesem Server nicht mehr bekannt`,
      explanation: `${app.name} verwendet eine Registrierung, die es hier nicht (mehr) gibt: Sie wurde lange nicht benutzt, oder dieser Server wurde neu eingerichtet.`,
    }),
    refusedApp: ({ host }) => ({
      title: "Diese App wird hier nicht zugelassen",
      explanation: `Die Betreiber dieses Servers lassen Apps nicht zu, die ${host} veröffentlicht. Fragen Sie dort nach, wenn Sie die App brauchen.`,
    }),
    faultyDocument: ({ app = "Die App", host }) => ({
      title: `${app} beschreibt sich so, dass dieser Server nichts damit anfangen kann`,
      explanation: `Die Beschreibung der App, die ${host} veröffentlicht, ist fehlerhaft; es wurde nichts weitergegeben. Aktualisieren Sie die App, oder sagen Sie ihren Entwicklern Bescheid.`,
    }),
    missingDocument: ({ app = "die App", host }) => ({
      title: `Dieser Server kann nicht prüfen, wer ${app} ist`,
      explanation: `Die Beschreibung der App ließ sich nicht von ${host} abrufen; es wurde nichts weitergegeben. Versuchen Sie es in einer Minute noch einmal. Hilft das nicht, sagen Sie den Betreibern dieses Servers Bescheid: Hier kann eine Kopie der Beschreibung hinterlegt werden (CIMD_DOCUMENTS).`,
    }),
    unknownRedirect: ({ app = "Die App", uri = "" }) => ({
      title: "Die App möchte die Antwort an eine unbekannte Adresse",
      explanation: `${app} hat eine Antwortadresse genannt, die nie registriert wurde${uri && `: ${uri}`}. Zu Ihrer Sicherheit wurde nichts dorthin geschickt. Wenn Sie die App gerade aktualisiert oder verschoben haben, entfernen Sie diesen Server darin und fügen Sie ihn neu hinzu, damit sie ihre neue Adresse registriert. Hilft das nicht, müssen die Betreiber dieses Servers sie eintragen.`,
    }),
    provisionedRedirect: ({ uri }) => ({
      title: "Die App möchte die Antwort an eine unbekannte Adresse",
      explanation: `Die App haben die Betreiber dieses Servers eingerichtet, und nicht für diese Adresse: ${uri}. Zu Ihrer Sicherheit wurde nichts dorthin geschickt. Nennen Sie ihnen die Adresse und die Kennung unten: Sie können sie hinzufügen. Diesen Server in der App zu entfernen und neu hinzuzufügen hilft nicht.`,
    }),
    unknownResource: ({ asked, known }) => ({
      title: "Um diesen MCP-Server kümmert sich dieser Server nicht",
      explanation:
        asked === undefined
          ? "Ihre App wollte Zugriff auf einen MCP-Server, der hier nicht eingerichtet ist. Prüfen Sie die Adresse des Servers in Ihrer App, oder fragen Sie seine Betreiber."
          : `Ihre App wollte Zugriff auf ${asked}; das kennt dieser Server nicht.${known === undefined ? "" : ` Er kennt ${known}.`} Prüfen Sie die Adresse des Servers in Ihrer App, oder fragen Sie seine Betreiber.`,
    }),
    nobodySignedIn: () => ({
      title: "Die App wollte sich verbinden, ohne Sie zu fragen",
      explanation:
        "Sie wollte, dass keine Seite gezeigt wird; da Sie hier nicht angemeldet sind, wurde nichts weitergegeben. Um sie zu verbinden, beginnen Sie in der App selbst.",
    }),
    notApproved: () => ({
      title: "Die App wollte sich verbinden, ohne Sie zu fragen",
      explanation:
        "Sie wollte, dass keine Seite gezeigt wird; da Sie ihr nichts erlaubt haben, wurde nichts weitergegeben. Um sie zu verbinden, beginnen Sie in der App selbst.",
    }),
    notSignedIn: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Es wurde nichts weitergegeben. Wenn Sie die App verbinden möchten, kehren Sie zu ihr zurück und beginnen Sie von vorn.",
    }),
    providerUnreachable: () => ({
      title: "Ihr Anmeldedienst antwortet nicht",
      explanation:
        "Er ist gerade nicht erreichbar, deshalb wurden Sie nicht angemeldet. Mit Ihrem Konto ist alles in Ordnung. Versuchen Sie es in einigen Minuten noch einmal, oder gehen Sie zurück und melden Sie sich auf anderem Weg an, wenn Sie einen haben.",
    }),
    providerClock: ({ seconds }) => ({
      title: "Die Uhren stimmen nicht überein",
      explanation:
        seconds > 0 && seconds < 3600
          ? `Die Uhr des Anmeldedienstes geht gegenüber unserer ${span(seconds)} vor, deshalb ist ihm nicht zu glauben. Es liegt nicht an Ihnen; sagen Sie es den Betreibern dieses Servers.`
          : `Die Uhren des Anmeldedienstes und dieses Servers liegen ${span(Math.abs(seconds))} auseinander, deshalb ist ihm nicht zu glauben. Es liegt nicht an Ihnen; sagen Sie es den Betreibern dieses Servers.`,
    }),
    providerUnproven: () => ({
      title: "Der Anmeldedienst konnte sich nicht ausweisen",
      explanation:
        "Seine Schlüssel haben gewechselt, oder jemand anders hat an seiner Stelle geantwortet; deshalb wurden Sie nicht angemeldet. Versuchen Sie es in 30 Sekunden noch einmal; schlägt es wieder fehl, sagen Sie es den Betreibern dieses Servers.",
    }),
    providerRefusesUs: () => ({
      title: "Der Anmeldedienst lässt diesen Server nicht gelten",
      explanation:
        "Das können nur die Betreiber dieses Servers beheben: Sagen Sie es ihnen. Mit Ihrem Konto ist alles in Ordnung, und an die App wurde nichts weitergegeben.",
    }),
    providerAnswer: () => ({
      title: "Mit der Antwort des Anmeldedienstes ist nichts anzufangen",
      explanation:
        "Sie wurden nicht angemeldet, und an die App wurde nichts weitergegeben. Es liegt nicht an Ihnen. Versuchen Sie es aus der App noch einmal; schlägt es wieder fehl, sagen Sie es den Betreibern dieses Servers.",
    }),
    cancelled: ({ provider, app = "die App" }) => ({
      title: "Sie wurden nicht angemeldet",
      explanation: `Sie haben ${provider === undefined ? "beim Anmeldedienst" : `bei ${provider}`} abgebrochen, oder Sie werden dort nicht zugelassen. An ${app} wurde nichts weitergegeben. Versuchen Sie es noch einmal, oder kehren Sie zur App zurück.`,
    }),
    turnedAway: ({ provider = "Der Anmeldedienst", app = "die App" }) => ({
      title: "Sie wurden nicht angemeldet",
      explanation: `${provider} lässt dieses Konto hier nicht zu. Bitten Sie darum, dort diesem Server zugewiesen zu werden, oder versuchen Sie es mit einem anderen Konto. An ${app} wurde nichts weitergegeben.`,
    }),
    foreignAccount: ({ email, domains }) => ({
      title: "Dieses Konto darf sich hier nicht anmelden",
      explanation:
        domains.length === 0 || email === ""
          ? "Konten seiner Organisation dürfen sich hier nicht anmelden. Benutzen Sie ein anderes Konto, oder fragen Sie nach. An die App wurde nichts weitergegeben."
          : `Sie haben sich als ${email} angemeldet; hier dürfen das nur Personen von ${alternatives.format(domains)}. Benutzen Sie ein anderes Konto, oder fragen Sie nach. An die App wurde nichts weitergegeben.`,
    }),
    blockedPerson: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Die Betreiber dieses Servers haben Ihren Zugang beendet; es wurde nichts weitergegeben. Halten Sie das für einen Irrtum, fragen Sie dort nach; mit Ihrem Konto ist sonst alles in Ordnung.",
    }),
    noAddress: () => ({
      title: "Für dieses Konto ist keine E-Mail-Adresse bekannt",
      explanation:
        "Dieser Server kennt Menschen an ihrer E-Mail-Adresse, und dort, wo Sie sich angemeldet haben, wurde für dieses Konto keine genannt. An die App wurde nichts weitergegeben.",
    }),
    unverifiedAddress: ({ email = "die Adresse dieses Kontos" }) => ({
      title: "Die E-Mail-Adresse dieses Kontos ist nicht bestätigt",
      explanation: `Ihr Anmeldedienst hat ${email} nicht bestätigt. Bestätigen Sie sie dort und versuchen Sie es noch einmal, oder benutzen Sie ein anderes Konto. An die App wurde nichts weitergegeben.`,
    }),
    accountNotAllowed: () => ({
      title: "Dieses Konto darf sich hier nicht anmelden",
      explanation:
        "Die Betreiber dieses Servers bestimmen, welche Konten das dürfen, und dieses gehört nicht dazu. Mit dem Konto ist alles in Ordnung, und an die App wurde nichts weitergegeben.",
    }),
    resourceNotAllowed: () => ({
      title: "Dieses Konto hat darauf keinen Zugriff",
      explanation:
        "Sie sind angemeldet, aber die Betreiber dieses Servers haben diesem Konto keinen Zugriff auf das gegeben, was die App benutzen möchte. An die App wurde nichts weitergegeben.",
    }),
    scopeNotAllowed: () => ({
      title: "Dieses Konto darf nichts von dem, worum die App bittet",
      explanation:
        "Sie dürfen diesen Server benutzen, aber nicht für das, was die App tun möchte. An die App wurde nichts weitergegeben.",
    }),
    groupsUnknown: () => ({
      title: "Ihre Gruppen ließen sich nicht ermitteln",
      explanation:
        "Ob Sie Zugriff haben, hängt von den Gruppen dieses Kontos ab, und dort, wo Sie sich angemeldet haben, wurden sie nicht genannt. Versuchen Sie es später noch einmal; bleibt es so, fragen Sie die Betreiber dieses Servers. An die App wurde nichts weitergegeben.",
    }),
    addressTaken: () => ({
      title: "Diese E-Mail-Adresse gehört zu einem anderen Konto",
      explanation:
        "Mit dieser Adresse hat sich hier schon jemand mit einem anderen Konto angemeldet; darum kann dieses sie nicht haben. Falls sie jetzt Ihnen gehört, können die Betreiber dieses Servers sie freigeben. An die App wurde nichts weitergegeben.",
    }),
    untickedAddress: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Ihr Identitätsanbieter durfte diesem Server Ihre E-Mail-Adresse nicht nennen; es wurde nichts weitergegeben. Kehren Sie zu Ihrer App zurück, beginnen Sie von vorn und lassen Sie dort das Häkchen stehen: Ohne diese Angabe geht es hier nicht.",
    }),
    untickedOrganisations: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Ihr Identitätsanbieter durfte diesem Server Ihre Organisationen nicht nennen; es wurde nichts weitergegeben. Kehren Sie zu Ihrer App zurück, beginnen Sie von vorn und lassen Sie dort das Häkchen stehen: Ohne diese Angabe geht es hier nicht.",
    }),
    untickedAddressAndOrganisations: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Ihr Identitätsanbieter durfte diesem Server weder Ihre E-Mail-Adresse noch Ihre Organisationen nennen; es wurde nichts weitergegeben. Kehren Sie zu Ihrer App zurück, beginnen Sie von vorn und lassen Sie dort das Häkchen stehen: Ohne diese Angabe geht es hier nicht.",
    }),
    notMember: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Hier dürfen sich nur Mitglieder bestimmter Organisationen anmelden, und dieses Konto gehört zu keiner davon. Wenn Sie eingeladen wurden, nehmen Sie die Einladung zuerst an. Sonst kehren Sie zu Ihrer App zurück, beginnen Sie von vorn und wählen Sie ein anderes Konto, oder fragen Sie die Betreiber dieses Servers.",
    }),
    unknownMembership: () => ({
      title: "Sie wurden nicht angemeldet",
      explanation:
        "Ihr Identitätsanbieter hat nicht gesagt, zu welchen Organisationen dieses Konto gehört; es wurde nichts weitergegeben. Melden Sie sich dort bei Ihrer Organisation an, kehren Sie dann zu Ihrer App zurück und beginnen Sie von vorn. Hilft das nicht, fragen Sie die Betreiber dieses Servers: Im Protokoll steht, was fehlt.",
    }),
    invitationOver: () => ({
      title: "Diese Einladung lässt sich nicht verwenden",
      explanation:
        "Sie wurde verwendet, ist abgelaufen, wurde durch eine neuere ersetzt oder in einem anderen Browser begonnen. Bitten Sie die Betreiber dieses Servers um eine neue.",
    }),
    pageOver: () => ({
      title: "Diese Seite gilt nicht mehr",
      explanation:
        "Sie wurde schon beantwortet, ist abgelaufen oder wurde in einem anderen Browser geöffnet. Kehren Sie zu Ihrer App zurück und beginnen Sie von vorn: Es dauert nur ein paar Sekunden.",
    }),
    attemptExpired: ({ seconds, limit }) => ({
      title: "Diese Anmeldung hat zu lange gedauert",
      explanation: `Sie wurde vor ${span(seconds)} begonnen und gilt ${span(limit)}. Beginnen Sie in der App von vorn.`,
    }),
    alreadyAnswered: () => ({
      title: "Diese Seite gilt nicht mehr",
      explanation:
        "Sie wurde in diesem Browser schon beantwortet. Kehren Sie zu Ihrer App zurück: Vielleicht ist sie schon verbunden. Wenn nicht, beginnen Sie dort von vorn.",
    }),
    otherBrowser: () => ({
      title: "Diese Anmeldung gehört zu einem anderen Browser",
      explanation:
        "Sie wurde in einem anderen Browser begonnen, oder dieser hat ihr Cookie verloren. Machen Sie dort weiter, wo Sie begonnen haben, oder beginnen Sie in der App von vorn und bleiben Sie in einem Browser.",
    }),
    noCookie: ({ host }) => ({
      title: "Ihr Browser hat das Cookie dieser Anmeldung nicht zurückgebracht",
      explanation: `Erlauben Sie Cookies für ${host}, oder beginnen Sie im selben Browser noch einmal: in der App von vorn. Sind sie erlaubt, sagen Sie den Betreibern dieses Servers Bescheid: Etwas auf dem Weg dorthin, etwa ein Proxy, lässt sie womöglich nicht durch.`,
    }),
    damagedLink: () => ({
      title: "Dieser Link ist beschädigt",
      explanation: "Kehren Sie zu Ihrer App zurück und beginnen Sie dort von vorn.",
    }),
    anotherComputer: () => ({
      title: "Die Anmeldung für die Entwicklung antwortet nur diesem Computer",
      explanation:
        "Öffnen Sie sie in einem Browser auf dem Computer, auf dem gatehouse dev läuft, ohne Proxy dazwischen. Um andere hereinzulassen, starten Sie gatehouse serve mit einem Identitätsanbieter.",
    }),
    nothingHere: () => ({
      title: "Hier gibt es nichts",
      explanation:
        "Prüfen Sie die Adresse. Um eine App zu verbinden, geben Sie ihr die Adresse des MCP-Servers, nicht diese.",
    }),
    wrongAddress: ({ ours, theirs }) => ({
      title: "Das ist nicht die Adresse des Servers",
      explanation: `Dies ist der Anmeldeserver von ${ours}; Sie kamen über ${theirs}. Benutzen Sie seine eigene Adresse, oder sagen Sie es den Betreibern dieses Servers.`,
    }),
    wrongMethod: () => ({
      title: "So lässt sich diese Seite nicht öffnen",
      explanation: "Kehren Sie zu Ihrer App zurück und beginnen Sie dort von vorn.",
    }),
    tooLarge: () => ({
      title: "Das war zu viel",
      explanation: "Das Formular war größer als alles, was dieser Server erwartet.",
    }),
    linkTooLong: () => ({
      title: "Dieser Link ist zu lang",
      explanation:
        "Ihre App hat einen Link erzeugt, den dieser Server nicht annimmt; ihre Entwickler sollten den Parameter state kürzen.",
    }),
    unreadableForm: () => ({
      title: "Dieses Formular ist nicht lesbar",
      explanation: "Es wurde in einer Kodierung gesendet, die dieser Server nicht annimmt.",
    }),
  },

  resets: {
    Codex:
      "Melden Sie sich in einem Terminal bei Codex von diesem Server ab und wieder an, mit dem Namen, den er dort hat:",
    "Claude Code":
      "Öffnen Sie in Claude Code /mcp, wählen Sie diesen Server, dann „Clear authentication“ und „Authenticate“. Hilft das nicht, entfernen Sie den Server und fügen ihn wieder hinzu:",
    Claude:
      "Öffnen Sie in Claude die Einstellungen, dann „Konnektoren“ („Connectors“), trennen und entfernen Sie diesen Server, und fügen Sie ihn wieder hinzu.",
    ChatGPT:
      "Öffnen Sie in ChatGPT die Einstellungen, dann „Apps & Konnektoren“ („Apps & Connectors“), löschen Sie diesen Konnektor und legen Sie ihn neu an.",
    "Visual Studio Code":
      "Öffnen Sie in Visual Studio Code die Befehlspalette, führen Sie diesen Befehl aus, entfernen Sie den Eintrag dieses Servers, und starten Sie den Server neu:",
    Cursor:
      "Öffnen Sie in Cursor die Einstellungen („Settings“), dann „Tools & MCP“, melden Sie sich von diesem Server ab, schalten Sie ihn aus und wieder ein, und verbinden Sie ihn.",
    "MCP Inspector":
      "Öffnen Sie im Inspector die Einstellungen dieses Servers, wählen Sie „Clear stored OAuth state“ (in älteren: Auth Settings, „Clear OAuth State“), und verbinden Sie ihn wieder.",
    "Gemini CLI": "Melden Sie sich in Gemini CLI neu bei diesem Server an, mit dem Namen, den er dort hat:",
    "mcp-remote":
      "mcp-remote bewahrt in einem Ordner auf, was es von allen seinen Servern weiß. Entfernen Sie ihn, und starten Sie Ihre App neu; jeder Server bittet Sie dann noch einmal, sich anzumelden:",
    OpenCode:
      "Melden Sie sich in einem Terminal bei OpenCode von diesem Server ab und wieder an, mit dem Namen, den er dort hat:",
  },
} satisfies Words;
