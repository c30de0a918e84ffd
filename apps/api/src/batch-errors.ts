import { z } from "zod";
import { MOST_IN_BATCH } from "@rushes/ledger";
import { orderSchema, type Order } from "@rushes/pipeline";
import { fieldErrors } from "./field-errors.ts";
import type { FieldError } from "./http-problem.ts";
import { checkOrder } from "./order-errors.ts";

const COUNT_RULE = { error: `videos must be a list of 1 to ${MOST_IN_BATCH} orders` };

const EXAMPLE_INPUT = {
  mode: "master-text-to-video",
  prompt: "A paper boat in the rain",
  aspect_ratio: "16:9",
};

/** The body of a batch, for the documentation. */
export const batchSchema = z
  .strictObject({
    videos: z.array(orderSchema, COUNT_RULE).min(1, COUNT_RULE).max(MOST_IN_BATCH, COUNT_RULE),
  })
  .meta({ examples: [{ videos: [5, 10].map((duration) => ({ input: { ...EXAMPLE_INPUT, duration } })) }] });

/** The same without looking into the orders, which `checkOrder` does better. */
const outerSchema = z.strictObject({
  videos: z.array(z.unknown(), COUNT_RULE).min(1, COUNT_RULE).max(MOST_IN_BATCH, COUNT_RULE),
});

/** So many of one order are named, so that each wrong order of a batch is. */
const MOST_ERRORS_EACH = 5;
export const MOST_BATCH_ERRORS = MOST_IN_BATCH * (MOST_ERRORS_EACH + 1);

/** Checks every order of a batch and names everything that is wrong, each as `videos[3].input.prompt`. */
export function checkBatch(body: unknown): { orders: readonly Order[] } | { errors: readonly FieldError[] } {
  const outer = outerSchema.safeParse(body);
  if (!outer.success) return { errors: fieldErrors(outer.error.issues, "field") };
  const orders: Order[] = [];
  const errors: FieldError[] = [];
  outer.data.videos.forEach((item, index) => {
    const checked = checkOrder(item);
    if ("order" in checked) orders.push(checked.order);
    else errors.push(...errorsOfItem(`videos[${index}]`, checked.errors));
  });
  return errors.length > 0 ? { errors } : { orders };
}

function errorsOfItem(place: string, errors: readonly FieldError[]): FieldError[] {
  const told = errors
    .slice(0, MOST_ERRORS_EACH)
    .map(({ field, message }) =>
      field === "body"
        ? { field: place, message: "an order must be a JSON object" }
        : { field: `${place}.${field}`, message },
    );
  const untold = errors.length - told.length;
  return untold > 0 ? [...told, { field: place, message: `and ${untold} further errors` }] : told;
}
