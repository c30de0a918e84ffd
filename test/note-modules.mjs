import { appendFileSync } from "node:fs";
import { registerHooks } from "node:module";
import { env } from "node:process";

/*
 * Loaded into a process before anything else (`--import`): writes the address of every module that is loaded after it, ES
 * modules and CommonJS alike, into the file that NOTE_MODULES_IN names.
 */
registerHooks({
  load(url, context, nextLoad) {
    appendFileSync(env["NOTE_MODULES_IN"] ?? "", `${url}\n`);
    return nextLoad(url, context);
  },
});
