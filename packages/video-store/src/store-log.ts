/** Where the store tells what an operator should know: fields and a sentence. pino's loggers fit. */
export type StoreLog = {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
  /** Somebody should be called. */
  error(fields: Record<string, unknown>, message: string): void;
};
