/*
 * The names of everything that is told, and what each means by itself: how it ended and who acts. The log
 * and the audit trail, their documentation (docs/audit.md) and the metrics go by this table.
 */

/** `refused`: a rule, or a person, said no. `failure`: it was to be and did not work. */
export type AuditOutcome = "success" | "failure" | "refused";

/**
 * Who did something. `person`: by subject. `client`: by client id. `operator`: whoever had the command line
 * or the console. `system`: the server by itself.
 */
export type ActorKind = "person" | "client" | "operator" | "system";

type Meaning = readonly [outcome: AuditOutcome, actor: ActorKind];

const table = {
  // People sign in and out.
  sign_in: ["success", "person"],
  sign_in_failed: ["failure", "person"],
  sign_in_denied: ["refused", "person"],
  sign_in_cancelled: ["refused", "person"],
  sign_in_abandoned: ["failure", "person"],
  attempt_expired: ["failure", "person"],
  sign_out: ["success", "person"],
  address_changed: ["success", "person"],
  address_moved: ["refused", "person"],
  passkey_registered: ["success", "person"],
  passkey_added: ["success", "person"],
  passkey_removed: ["success", "person"],
  passkey_refused: ["refused", "person"],
  passkey_counter: ["refused", "person"],
  invitation_created: ["success", "operator"],
  invitation_used: ["success", "person"],
  provider_logout: ["success", "system"],
  person_confirmed: ["success", "system"],
  person_unconfirmed: ["refused", "system"],
  confirmation_failed: ["failure", "system"],
  provider_unreachable: ["failure", "system"],
  provider_keys_replaced: ["success", "system"],
  // They decide what apps may do.
  consent_shown: ["success", "person"],
  consent_approved: ["success", "person"],
  consent_denied: ["refused", "person"],
  access_refused: ["refused", "person"],
  access_lost: ["refused", "client"],
  app_disconnected: ["success", "person"],
  // Apps get tokens and use them.
  code_redeemed: ["success", "client"],
  code_replayed: ["refused", "client"],
  token_refreshed: ["success", "client"],
  refresh_replayed: ["success", "client"],
  refresh_late: ["success", "client"],
  refresh_ahead: ["success", "client"],
  refresh_exchanged: ["success", "client"],
  refresh_reused: ["refused", "client"],
  token_revoked: ["success", "client"],
  client_authentication_failed: ["failure", "client"],
  introspection_refused: ["failure", "client"],
  introspection_accepted: ["success", "client"],
  previous_credential_used: ["success", "client"],
  session_foreign: ["refused", "client"],
  tool_called: ["success", "client"],
  request_refused: ["refused", "client"],
  not_found: ["refused", "client"],
  limit_reached: ["refused", "client"],
  // What apps say of themselves.
  client_registered: ["success", "client"],
  client_updated: ["success", "client"],
  client_removed: ["success", "client"],
  client_document_changed: ["success", "client"],
  client_document_unavailable: ["failure", "client"],
  client_document_copy_used: ["success", "client"],
  // What the operator does.
  person_blocked: ["success", "operator"],
  person_unblocked: ["success", "operator"],
  person_removed: ["success", "operator"],
  person_disconnected: ["success", "operator"],
  address_released: ["success", "operator"],
  grant_revoked: ["success", "operator"],
  resource_added: ["success", "operator"],
  resource_changed: ["success", "operator"],
  resource_removed: ["success", "operator"],
  resource_credential_rotated: ["success", "operator"],
  client_added: ["success", "operator"],
  client_vouched: ["success", "operator"],
  client_credential_rotated: ["success", "operator"],
  key_rotated: ["success", "operator"],
  key_removed: ["success", "operator"],
  database_migrated: ["success", "operator"],
  backup_made: ["success", "operator"],
  backup_restored: ["success", "operator"],
  command_refused: ["refused", "operator"],
  console_entered: ["success", "operator"],
  console_refused: ["refused", "operator"],
  // What the server does, and how it is.
  key_added: ["success", "system"],
  configuration_applied: ["success", "system"],
  configuration_refused: ["refused", "system"],
  access_changed: ["success", "system"],
  declaration_left: ["success", "system"],
  declaration_returned: ["success", "system"],
  declaration_ended: ["success", "system"],
  store_unavailable: ["failure", "system"],
  store_back: ["success", "system"],
  not_ready: ["failure", "system"],
  ready_again: ["success", "system"],
  audit_lost: ["failure", "system"],
  audit_head: ["success", "system"],
  audit_trimmed: ["success", "system"],
  failure: ["failure", "system"],
} as const satisfies Record<string, Meaning>;

export type AuditEventName = keyof typeof table;

/** The name of everything that is told. */
export const auditEventNames = Object.keys(table) as readonly AuditEventName[];

/** How it ended where the event does not say so itself, and who acts. */
export function meaningOf(name: AuditEventName): {
  readonly outcome: AuditOutcome;
  readonly actor: ActorKind;
} {
  const [outcome, actor]: Meaning = table[name];
  return { outcome, actor };
}
