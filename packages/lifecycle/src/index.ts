export { bucketAccess, PAIRED_KEYS } from "./bucket-access.ts";
export { answerProbe, type Check, type HealthAnswer, type Probe } from "./check.ts";
export { commaList } from "./comma-list.ts";
export { startHealthServer, type HealthServer, type HealthServerOptions } from "./health-server.ts";
export {
  EnvironmentProblem,
  parseEnvironment,
  type Environment,
  type SettingProblem,
} from "./parse-environment.ts";
export {
  runUntilSignal,
  type End,
  type LifecycleLogger,
  type Part,
  type ProcessLike,
  type RunOptions,
} from "./run-until-signal.ts";
export { Secret } from "./secret.ts";
export { setting } from "./setting.ts";
export { settingsOrExit } from "./settings-or-exit.ts";
export { dollarAmount, durationMs, flag, plainText, port, positiveInteger, secretText } from "./settings.ts";
export { collectorOf, collectorSecrets, traceExport, type TraceExport } from "./trace-export.ts";
export { httpUrl, isLoopbackHost, publicUrl } from "./web-address.ts";
export { urlPasswords } from "./url-passwords.ts";
