import type { AuditEventName } from "../../oauth/audit-events.ts";

/*
 * What each event is in the Open Cybersecurity Schema Framework: its class, and which of the class's
 * activities (99: another one).
 */

export const classes = {
  account: { uid: 3001, category: 3, caption: "Account Change" },
  authentication: { uid: 3002, category: 3, caption: "Authentication" },
  session: { uid: 3003, category: 3, caption: "Authorize Session" },
  entity: { uid: 3004, category: 3, caption: "Entity Management" },
  access: { uid: 3005, category: 3, caption: "User Access Management" },
  lifecycle: { uid: 6002, category: 6, caption: "Application Lifecycle" },
  api: { uid: 6003, category: 6, caption: "API Activity" },
  error: { uid: 6008, category: 6, caption: "Application Error" },
} as const;

export type ClassName = keyof typeof classes;

const other = 99;

export const classOf: Readonly<Record<AuditEventName, readonly [ClassName, activity: number]>> = {
  // Logon 1, Logoff 2, Authentication Ticket 3, Service Ticket Renew 5.
  sign_in: ["authentication", 1],
  sign_in_failed: ["authentication", 1],
  sign_in_denied: ["authentication", 1],
  sign_in_cancelled: ["authentication", 1],
  sign_in_abandoned: ["authentication", 1],
  attempt_expired: ["authentication", 1],
  passkey_refused: ["authentication", 1],
  passkey_counter: ["authentication", 1],
  sign_out: ["authentication", 2],
  provider_logout: ["authentication", 2],
  person_confirmed: ["authentication", other],
  person_unconfirmed: ["authentication", other],
  confirmation_failed: ["authentication", other],
  client_authentication_failed: ["authentication", 1],
  introspection_refused: ["authentication", 1],
  introspection_accepted: ["authentication", 1],
  previous_credential_used: ["authentication", 1],
  code_redeemed: ["authentication", 3],
  code_replayed: ["authentication", 3],
  token_refreshed: ["authentication", 5],
  refresh_replayed: ["authentication", 5],
  refresh_late: ["authentication", 5],
  refresh_ahead: ["authentication", 5],
  refresh_exchanged: ["authentication", 5],
  refresh_reused: ["authentication", 5],
  // Create 1, Enable 2, Disable 5, Delete 6, MFA Factor Enable 10 and Disable 11.
  invitation_created: ["account", other],
  invitation_used: ["account", 1],
  passkey_registered: ["account", 10],
  passkey_added: ["account", 10],
  passkey_removed: ["account", 11],
  address_changed: ["account", other],
  address_moved: ["account", other],
  address_released: ["account", other],
  person_blocked: ["account", 5],
  person_unblocked: ["account", 2],
  person_removed: ["account", 6],
  // Assign Privileges 1.
  consent_shown: ["session", other],
  consent_approved: ["session", 1],
  consent_denied: ["session", 1],
  access_refused: ["session", 1],
  console_entered: ["session", 1],
  // Revoke Privileges 2.
  access_lost: ["access", 2],
  app_disconnected: ["access", 2],
  token_revoked: ["access", 2],
  person_disconnected: ["access", 2],
  grant_revoked: ["access", 2],
  // Create 1, Read 2, Update 3, Delete 4, Enable 8, Disable 9.
  client_registered: ["entity", 1],
  client_updated: ["entity", 3],
  client_removed: ["entity", 4],
  client_document_changed: ["entity", 3],
  client_document_unavailable: ["entity", 2],
  client_document_copy_used: ["entity", 2],
  client_added: ["entity", 1],
  client_vouched: ["entity", 3],
  client_credential_rotated: ["entity", 3],
  resource_added: ["entity", 1],
  resource_changed: ["entity", 3],
  resource_removed: ["entity", 4],
  resource_credential_rotated: ["entity", 3],
  access_changed: ["entity", 3],
  key_added: ["entity", 1],
  key_rotated: ["entity", 3],
  key_removed: ["entity", 4],
  provider_keys_replaced: ["entity", 3],
  declaration_left: ["entity", 9],
  declaration_returned: ["entity", 8],
  declaration_ended: ["entity", 4],
  // Update 8.
  configuration_applied: ["lifecycle", 8],
  configuration_refused: ["lifecycle", 8],
  database_migrated: ["lifecycle", 8],
  backup_made: ["lifecycle", other],
  backup_restored: ["lifecycle", other],
  store_back: ["lifecycle", other],
  ready_again: ["lifecycle", other],
  audit_head: ["lifecycle", other],
  audit_trimmed: ["lifecycle", other],
  tool_called: ["api", other],
  session_foreign: ["api", other],
  request_refused: ["api", other],
  not_found: ["api", other],
  limit_reached: ["api", other],
  command_refused: ["api", other],
  console_refused: ["api", other],
  // General Error 1.
  store_unavailable: ["error", 1],
  not_ready: ["error", 1],
  audit_lost: ["error", 1],
  provider_unreachable: ["error", 1],
  failure: ["error", 1],
};
