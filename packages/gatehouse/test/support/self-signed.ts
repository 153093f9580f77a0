/*
 * A certificate for 127.0.0.1 that nobody vouches for, and its key: for a server that must not be talked to.
 * Protects nothing. Made with: openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes
 * -days 36500 -subj /CN=127.0.0.1
 */
export const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgb2GyjbegX5hkv+aT
h+7e6pmt/xR9SpnrLwxiuxXDSKOhRANCAARzsZinLc9oXxauNXp7av6fzwIKktOV
RPQg79s06vD/w9pUzM/aK6epBurqW1I/KWo0UMHHgnhd/qe2WXy50AG+
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBjzCCATagAwIBAgIUHZ423bLbx7buibC/4j1N1+HzHw8wCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJMTI3LjAuMC4xMCAXDTI2MTEyMzA3MjU1N1oYDzIxMjYxMDMw
MDcyNTU3WjAUMRIwEAYDVQQDDAkxMjcuMC4wLjEwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARzsZinLc9oXxauNXp7av6fzwIKktOVRPQg79s06vD/w9pUzM/aK6ep
BurqW1I/KWo0UMHHgnhd/qe2WXy50AG+o2QwYjAdBgNVHQ4EFgQUgZ4hqaE8M2up
uZ5FkmXQyuqb9t8wHwYDVR0jBBgwFoAUgZ4hqaE8M2upuZ5FkmXQyuqb9t8wDwYD
VR0TAQH/BAUwAwEB/zAPBgNVHREECDAGhwR/AAABMAoGCCqGSM49BAMCA0cAMEQC
IFObmVQD45WET5XLSxnUNqthSqvsAabta8XCd5ffZdGaAiA6gIXo3xIdBs5uS9aU
2yRejgNpY0WXfG3PeMojhCOCeA==
-----END CERTIFICATE-----
`,
};
