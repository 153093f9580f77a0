import { type Command, Help } from "commander";
import { environmentHelp } from "./environment-help.ts";

/*
 * What the help says of every command besides its options: examples, which come first, and the settings it
 * reads.
 */

interface About {
  /** One line of the first help. */
  readonly summary?: string;
  readonly examples: readonly [string, ...string[]];
  readonly reads: "all" | readonly string[];
}

const database = ["SQL_URL", "CA_FILE"];
const keys = ["SQL_URL", "CA_FILE", "SECRET_KEY", "SECRET_KEY_FILE"];

const signIn = [
  "BASE_URL",
  "UPSTREAM_ISSUER",
  "OAUTH2_CLIENT_ID",
  "OAUTH2_CLIENT_SECRET",
  "ALLOWED_DOMAINS",
  "CA_FILE",
];

const abouts: Readonly<Record<string, About>> = {
  serve: {
    summary: "run the authorization server",
    examples: ["serve", "serve --config /etc/gatehouse.yaml"],
    reads: "all",
  },
  dev: {
    summary: "try it on this computer, with a demo MCP server",
    examples: ["dev"],
    reads: "all",
  },
  protect: {
    summary: "stand in front of an MCP server, unchanged",
    examples: [
      "protect http://localhost:3000/mcp",
      "protect -- npx -y @modelcontextprotocol/server-everything",
      "protect http://localhost:3000/mcp --tool 'delete_*=notes:write' --tool '*=notes:read'",
    ],
    reads: "all",
  },
  migrate: {
    summary: "bring the database up to date",
    examples: ["migrate --dry-run", "migrate --wait 2m"],
    reads: database,
  },
  "migrate finalize": { examples: ["migrate finalize"], reads: database },
  clients: {
    summary: "the clients it knows: add, list, set, remove, …",
    examples: ["clients list"],
    reads: database,
  },
  "clients add": {
    examples: [
      "clients add --id web --auth-method client_secret_basic --redirect-uri https://app.example.com/callback",
    ],
    reads: database,
  },
  "clients set": {
    examples: ["clients set web --redirect-uri https://app.example.com/callback --name 'Our web app'"],
    reads: database,
  },
  "clients list": { examples: ["clients list --json"], reads: database },
  "clients show": { examples: ["clients show web"], reads: database },
  "clients remove": { examples: ["clients remove web", "clients remove web --yes"], reads: database },
  "clients rotate-secret": { examples: ["clients rotate-secret web --keep 24h"], reads: database },
  "clients vouch": { examples: ["clients vouch gatehouse_c_1"], reads: database },
  resources: {
    summary: "the MCP servers behind it: add, list, set, rotate, remove",
    examples: ["resources list"],
    reads: database,
  },
  "resources add": {
    examples: [
      "resources add https://notes.example.com/mcp --name Notes --scope 'notes:read=Read your notes'",
    ],
    reads: database,
  },
  "resources set": {
    examples: [
      "resources set https://notes.example.com/mcp --default-scope notes:read",
      "resources set https://notes.example.com/mcp --name Notebook",
    ],
    reads: database,
  },
  "resources list": { examples: ["resources list --json"], reads: database },
  "resources rotate": {
    examples: ["resources rotate https://notes.example.com/mcp --keep 24h"],
    reads: database,
  },
  "resources remove": {
    examples: ["resources remove https://notes.example.com/mcp --yes"],
    reads: database,
  },
  people: {
    summary: "the people who signed in: list, block, release, …",
    examples: ["people list", "people block ada@example.com"],
    reads: database,
  },
  "people invite": {
    examples: ["people invite ada@example.com --groups admins", "people invite ada@example.com --expires 1h"],
    reads: ["SQL_URL", "BASE_URL", "PASSKEYS", "SMTP_URL", "SMTP_FROM"],
  },
  "people uninvite": { examples: ["people uninvite ada@example.com"], reads: database },
  "people list": { examples: ["people list --blocked"], reads: database },
  "people show": { examples: ["people show ada@example.com"], reads: database },
  "people release": {
    examples: ["people release ada@example.com", "people release --all-of https://old.example --yes"],
    reads: database,
  },
  "people block": {
    examples: [
      "people block ada@example.com",
      "people block --issuer https://accounts.google.com --subject 1234567890 --yes",
    ],
    reads: database,
  },
  "people unblock": { examples: ["people unblock ada@example.com"], reads: database },
  "people disconnect": {
    examples: ["people disconnect ada@example.com", "people disconnect ada@example.com --app web --yes"],
    reads: database,
  },
  grants: {
    summary: "which apps may act for whom: list, show, revoke",
    examples: ["grants list ada@example.com"],
    reads: database,
  },
  "grants list": { examples: ["grants list ada@example.com --json"], reads: database },
  "grants show": { examples: ["grants show 5IcHEBuKTVGRVDAHjdSnkw"], reads: database },
  "grants revoke": { examples: ["grants revoke 5IcHEBuKTVGRVDAHjdSnkw"], reads: database },
  "audit tail": { examples: ["audit tail --follow", "audit tail --limit 100 --json"], reads: database },
  "audit search": {
    examples: [
      "audit search --person ada@example.com --since 7d",
      "audit search --event sign_in_failed --since 2026-11-26T10:00 --limit 500 --json",
    ],
    reads: database,
  },
  "audit export": {
    examples: [
      "audit export --cursor-file /var/lib/gatehouse/audit.cursor >> audit.jsonl",
      "audit export --format ocsf --since 24h > audit-ocsf.jsonl",
    ],
    reads: database,
  },
  "people remove": { examples: ["people remove ada@example.com --yes"], reads: database },
  access: {
    summary: "the rules of who may do what: test a person against them",
    examples: ["access test ada@example.com https://notes.example.com/mcp"],
    reads: "all",
  },
  "access test": {
    examples: [
      "access test ada@example.com https://notes.example.com/mcp",
      "access test ada@example.com rs_542864ce8ed5 --scope 'notes:read notes:write'",
    ],
    reads: "all",
  },
  audit: {
    summary: "the audit trail: tail, search, export, verify",
    examples: ["audit tail", "audit verify"],
    reads: keys,
  },
  "audit verify": {
    examples: ["audit verify", "audit verify --head 12:7Q2MX0KD94TB-771-Zq0vYp1t6o2rB8dQm3XkWw"],
    reads: keys,
  },
  keys: {
    summary: "the secret keys: list, rotate, retire",
    examples: ["keys list"],
    reads: keys,
  },
  "keys list": { examples: ["keys list"], reads: keys },
  "keys rotate": { examples: ["keys rotate"], reads: keys },
  "keys retire": { examples: ["keys retire 3f2a9c41", "keys retire 3f2a9c41 --force --yes"], reads: keys },
  health: {
    summary: "ask the server on this machine whether it is alive",
    examples: ["health && echo alive", "health --ready"],
    reads: ["PORT", "HOST", "BASE_URL"],
  },
  check: {
    summary: "try the identity providers from here",
    examples: ["check provider"],
    reads: signIn,
  },
  "check provider": {
    examples: ["check provider", "check provider work", "check provider --no-sign-in --json"],
    reads: signIn,
  },
  doctor: {
    summary: "say what is wrong with it, and what mends it",
    examples: ["doctor", "doctor --json", "doctor https://notes.example.com/mcp --client 'Claude Code'"],
    reads: "all",
  },
  trace: {
    summary: "say why a sign-in failed, step by step",
    examples: [
      "trace K7QM-2XDA-94TB",
      "trace --person ada@example.com",
      "trace --since 1h",
      "trace --follow",
    ],
    reads: [...database, "TRACE_TTL", "TRACE_SIZE"],
  },
  backup: {
    summary: "copy the embedded database, beside a running server",
    examples: ["backup /var/backups/gatehouse-$(date +%F).db"],
    reads: database,
  },
  restore: {
    summary: "put such a copy in the place of the database",
    examples: ["restore /var/backups/gatehouse-2026-11-26.db"],
    reads: keys,
  },
  config: {
    summary: "check the configuration; show where each value comes from",
    examples: ["config check", "config show"],
    reads: "all",
  },
  "config check": {
    examples: ["config check", "config check --config /etc/gatehouse.yaml --json"],
    reads: "all",
  },
  "config show": { examples: ["config show"], reads: "all" },
  "config schema": { examples: ["config schema > gatehouse.schema.json"], reads: [] },
};

/** The first help, which is to fit a small screen, names these in a line. */
const seldomUsed = ["access", "check", "health", "restore"];

const firstHelp = `Also: ${seldomUsed.join(", ")}.
Examples:
  gatehouse dev
  gatehouse protect http://localhost:3000/mcp
  gatehouse serve --config gatehouse.yaml
Settings are in gatehouse serve --help, more in gatehouse <command> --help.`;

/** Adds it all, and makes of the program's own help one screen. */
export function addHelp(program: Command): void {
  const usual = new Help();
  program.configureHelp({
    showGlobalOptions: true,
    // In its first help no line is spent on a gap.
    commandUsage: (command) =>
      usual.commandUsage(command) + (command === program ? `\n${command.description()}` : ""),
    commandDescription: (command) => (command === program ? "" : usual.commandDescription(command)),
    visibleOptions: (command) => (command === program ? [] : usual.visibleOptions(command)),
    visibleCommands: (command) =>
      usual
        .visibleCommands(command)
        .filter((inner) => command !== program || ![...seldomUsed, "help"].includes(inner.name())),
    subcommandTerm: (command) =>
      command.parent === program ? command.name() : usual.subcommandTerm(command),
  });
  program.addHelpText("after", firstHelp);
  for (const command of program.commands) addHelpOf(command, command.name(), program);
}

function addHelpOf(command: Command, path: string, program: Command): void {
  command.configureHelp(program.configureHelp());
  for (const inner of command.commands) addHelpOf(inner, `${path} ${inner.name()}`, program);
  const about = abouts[path];
  if (about === undefined) return;
  const { summary, examples, reads } = about;
  if (summary !== undefined) command.summary(summary);
  const lines = examples.map((example) => `  gatehouse ${example}`);
  command.addHelpText("before", [examples.length > 1 ? "Examples:" : "Example:", ...lines, "\n"].join("\n"));
  const reading = path === "serve" || path === "dev" ? environmentHelp() : settingsRead(reads);
  command.addHelpText("after", reading);
}

function settingsRead(reads: About["reads"]): string {
  if (reads === "all") return "\nSettings it reads: all; gatehouse serve --help tells them.";
  return reads.length === 0 ? "" : `\nSettings it reads: ${reads.join(", ")}.`;
}
