import { flushCompileCache } from "node:module";
import { mutateSources } from "./mutate-sources.ts";
import { stopAtPoints } from "./stop-at-points.ts";
import { writeSteps } from "./write-steps.ts";

/**
 * Loaded with `--import` into the processes under test, and nowhere else. It watches the calls they announce (see
 * `announce-calls.ts` in telemetry), ends or freezes its own process at a named point, and can take a rule out of
 * the sources it loads. It reads from its environment:
 *
 *   PROOF_STEPS   the file that steps are written to
 *   PROOF_NAME    the name of this process in the history
 *   PROOF_ARMS    the file that names a point at which to be struck, while there is one
 *   PROOF_MUTANT  which rule to take out
 */
const FLUSH_AFTER_MS = 3_000;

const {
  PROOF_STEPS: stepsPath,
  PROOF_NAME: name = "",
  PROOF_ARMS: armsPath,
  PROOF_MUTANT: mutant,
} = process.env;

// A killed process would never write its compiled code down, and every start would be as slow as the first.
setTimeout(flushCompileCache, FLUSH_AFTER_MS).unref();

if (mutant) mutateSources(mutant);
const writeStep = writeSteps(stepsPath ?? "/dev/null", name);
if (armsPath) stopAtPoints(armsPath, writeStep);
