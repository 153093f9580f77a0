/*
 * Every kind of secret has a prefix of its own, so that no value is valid as two kinds (T08), and scanners
 * know them. Access tokens have the operator's (`TOKEN_PREFIX`).
 */
export const refreshTokenPrefix = "gatehouse_rt_";
export const codePrefix = "gatehouse_ac_";
export const resourceCredentialPrefix = "gatehouse_rs_";
export const clientSecretPrefix = "gatehouse_cs_";
export const registrationTokenPrefix = "gatehouse_rg_";
export const invitationPrefix = "gatehouse_iv_";
