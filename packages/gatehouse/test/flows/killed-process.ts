import { readConfig } from "../../src/config/config.ts";
import { startGatehouse } from "../../src/gatehouse.ts";
import type { Store } from "../../src/oauth/store.ts";
import { openStore } from "../../src/start/store.ts";
import { createLog } from "../../src/telemetry/log.ts";

/*
 * Another process that serves, configured by its environment, which is killed between the commit of a refresh
 * and its answer. Run by killed-refresh.test.ts.
 */

const config = readConfig(process.env, "serve");
const opened = await openStore(config);
const store: Store = {
  ...opened,
  async rotateGrant(rotation) {
    await opened.rotateGrant(rotation);
    process.kill(process.pid, "SIGKILL");
    return new Promise(() => {}); // the signal takes a moment
  },
};
const log = createLog({ ...config.log, tokenPrefixes: config.settings.tokenPrefixes }, process.stderr);
const { url } = await startGatehouse(config, log, { store, keepsHouse: false });
console.log(url);
