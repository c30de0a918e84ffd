/** One callback that is going to be sent, with what may be wrong about it. */
export type Delivery = {
  /** `before-answer` ends the task at once and holds the submit's answer back until the callback was sent. */
  when: "before-answer" | "processing" | "end";
  /** Provider time after that moment. */
  afterMs: number;
  body: "report" | "still-processing" | "forged" | "unknown-task" | "garbage" | "oversized";
  /** `wrong-token` changes the last part of the path, where receivers keep their secret. */
  to: "callback-url" | "wrong-token";
  /** Whether anything but 200 leads to the documented further deliveries. */
  retried: boolean;
};

/** What an honest provider sends: the report, once, when the task ends. */
export const HONEST_DELIVERY: Delivery = {
  when: "end",
  afterMs: 0,
  body: "report",
  to: "callback-url",
  retried: true,
};
