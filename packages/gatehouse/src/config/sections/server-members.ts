/* Settings of a server that mean something only for one of the two kinds of servers. */

export const ofHttp = ["ca_file", "plain", "host_header", "timeouts", "credentials", "assertion"] as const;
export const ofStdio = [
  "per",
  "environment",
  "folder",
  "max_children",
  "max_children_per_person",
  "idle",
  "first_answer",
] as const;
