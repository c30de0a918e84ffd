/** The invariants, by the names under which the checker reports that one does not hold. */
export const INVARIANTS = {
  "order-lost": "Every acknowledged order has one record, under one id.",
  "ends-once": "Every order ends exactly once, or waits visibly; what has ended stays as it is.",
  "charged-too-often": "An order is charged once, and again only with consent and after its task failed.",
  "charge-without-intent": "Every charge has an intent that was recorded before it.",
  "charge-unaccounted": "Every charged task ends archived, failed by the provider, or waiting visibly.",
  "file-differs": "What is stored is, byte for byte, the file of the task.",
  "budget-passed": "What was charged never passes the budget.",
  "books-differ": "What a record has booked is what the provider charged.",
  "not-drained": "After the faults stop, the work comes to its end.",
} as const;
export type Invariant = keyof typeof INVARIANTS;

export type Finding = { invariant: Invariant; about: string; says: string };
