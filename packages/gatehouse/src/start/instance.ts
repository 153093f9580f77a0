import { hostname } from "node:os";

/** What this process is called beside what it wrote, where several use one database: `web-1/4242`. */
export const instanceName = `${hostname()}/${process.pid}`;
