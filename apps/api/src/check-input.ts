import type { FastifySchemaCompiler } from "fastify";
import type { z } from "zod";
import { checkBatch, MOST_BATCH_ERRORS } from "./batch-errors.ts";
import { fieldErrors } from "./field-errors.ts";
import { HttpProblem } from "./http-problem.ts";
import { inOpenAiWords, isOpenAiForm, readOpenAiForm } from "./openai-order.ts";
import { checkOrder } from "./order-errors.ts";

/**
 * Turns a route's zod schemas into checks that end in the right problem. Header schemas only describe: headers are
 * read where they are needed, for a missing one is not a field of the body.
 */
export const checkInput: FastifySchemaCompiler<unknown> = ({ schema, httpPart }) => {
  switch (httpPart) {
    case "body":
      return parsedBy(schema, (issues) => {
        return new HttpProblem("invalid_body", { errors: fieldErrors(issues, "field") });
      });
    case "querystring":
      return parsedBy(schema, (issues) => {
        return new HttpProblem("invalid_query", { errors: fieldErrors(issues, "query parameter") });
      });
    case "params":
      // An id of another shape is the id of nothing.
      return parsedBy(schema, () => new HttpProblem("video_not_found"));
    case "headers":
    case undefined:
  }
  return (data: unknown) => ({ value: data });
};

/** As `checkInput`, for a route whose body is one order. */
export const checkOrderInput: FastifySchemaCompiler<unknown> = (part) => {
  if (part.httpPart !== "body") return checkInput(part);
  return (body: unknown) => {
    const checked = isOpenAiForm(body) ? checkOpenAiForm(body) : checkOrder(body);
    if ("order" in checked) return { value: checked.order };
    return { error: new HttpProblem("invalid_order", { errors: checked.errors }) };
  };
};

function checkOpenAiForm(body: Readonly<Record<string, unknown>>): ReturnType<typeof checkOrder> {
  const read = readOpenAiForm(body);
  if ("errors" in read) return read;
  const checked = checkOrder(read.order);
  return "order" in checked ? checked : { errors: inOpenAiWords(checked.errors) };
}

/** As `checkInput`, for a route whose body is a batch of orders. */
export const checkBatchInput: FastifySchemaCompiler<unknown> = (part) => {
  if (part.httpPart !== "body") return checkInput(part);
  return (body: unknown) => {
    const checked = checkBatch(body);
    if ("orders" in checked) return { value: { videos: checked.orders } };
    const { errors } = checked;
    return { error: new HttpProblem("invalid_order", { errors, mostErrors: MOST_BATCH_ERRORS }) };
  };
};

/** Routes give zod schemas and nothing else; fastify does not know the type of what it passes on. */
function parsedBy(schema: unknown, refuse: (issues: readonly z.core.$ZodIssue[]) => HttpProblem) {
  const zodSchema = schema as z.ZodType;
  return (data: unknown) => {
    const parsed = zodSchema.safeParse(data);
    return parsed.success ? { value: parsed.data } : { error: refuse(parsed.error.issues) };
  };
}
