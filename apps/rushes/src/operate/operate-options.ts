import type { Conversation } from "./confirm.ts";
import type { OperatorApi } from "./operator-api.ts";

/** What the commands of operators work with. */
export type OperateOptions = Conversation & {
  api: OperatorApi;
  say: (line: string) => void;
  /** For what is not the answer itself: sums under a table. */
  note: (line: string) => void;
};
