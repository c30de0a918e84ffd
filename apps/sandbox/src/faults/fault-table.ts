import { BALANCE_FAULTS } from "./balance-faults.ts";
import { CALLBACK_FAULTS } from "./callback-faults.ts";
import { ENVELOPE_FAULTS } from "./envelope-faults.ts";
import type { Fault } from "./fault.ts";
import { FILE_FAULTS } from "./file-faults.ts";
import { RESULT_FAULTS } from "./result-faults.ts";
import { STATUS_DELAY_FAULTS, STATUS_FAULTS } from "./status-faults.ts";
import { SUBMIT_DELAY_FAULTS, SUBMIT_FAULTS } from "./submit-faults.ts";
import { TASK_FAULTS } from "./task-faults.ts";

/** Every fault there is. */
export const FAULTS: readonly Fault[] = [
  ...SUBMIT_FAULTS,
  ...SUBMIT_DELAY_FAULTS,
  ...ENVELOPE_FAULTS,
  ...TASK_FAULTS,
  ...STATUS_FAULTS,
  ...STATUS_DELAY_FAULTS,
  ...RESULT_FAULTS,
  ...FILE_FAULTS,
  ...CALLBACK_FAULTS,
  ...BALANCE_FAULTS,
];
