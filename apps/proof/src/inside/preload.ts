import { mutateSources } from "./mutate-sources.ts";
import { stopAtPoint } from "./stop-at-point.ts";
import { writeSteps } from "./write-steps.ts";

/**
 * Loaded with `--import` into the processes under test, and nowhere else. It watches the calls they announce (see
 * `announce-calls.ts` in telemetry), ends or freezes its own process at a named point, and can take a rule out of
 * the sources it loads. It reads from its environment:
 *
 *   PROOF_STEPS   the file that steps are written to
 *   PROOF_NAME    the name of this process in the history
 *   PROOF_POINT, PROOF_SIGNAL   where to be struck, once, and by what
 *   PROOF_MUTANT  which rule to take out
 */
const {
  PROOF_STEPS: stepsPath,
  PROOF_NAME: name = "",
  PROOF_POINT: point,
  PROOF_SIGNAL: signal,
  PROOF_MUTANT: mutant,
} = process.env;

if (mutant) mutateSources(mutant);
const writeStep = writeSteps(stepsPath ?? "/dev/null", name);
if (point) stopAtPoint(point, signal === "SIGSTOP" ? "SIGSTOP" : "SIGKILL", writeStep);
