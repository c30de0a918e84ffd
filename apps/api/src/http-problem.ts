import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

/** One field or parameter that is wrong: `input.image_urls[0]`. */
export type FieldError = { field: string; message: string };

export type ProblemDetails = {
  /** One or two sentences on this very occurrence. */
  detail?: string;
  errors?: readonly FieldError[];
  /** So many of them are listed; 100 unless given. */
  mostErrors?: number;
  /** Further headers of the answer. */
  headers?: Readonly<Record<string, string>>;
};

/** Thrown wherever a request ends in an answer other than the wanted one. The code alone decides the status. */
export class HttpProblem extends Error {
  override readonly name = "HttpProblem";
  readonly code: ProblemCode;
  readonly details: ProblemDetails;

  constructor(code: ProblemCode, details: ProblemDetails = {}) {
    super(details.detail ?? PROBLEMS[code].title);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** A problem document of RFC 9457. */
export type ProblemDocument = {
  /** Where the code is explained, relative to this api. */
  type: string;
  title: string;
  status: number;
  code: ProblemCode;
  detail: string;
  errors?: readonly FieldError[];
  /** How many further errors are not listed; absent when all are. */
  errors_omitted?: number;
  request_id?: string;
};

/** More would only be a long answer to a request that is wrong all over. */
const MAX_ERRORS = 100;

export const PROBLEM_TYPE = "application/problem+json";

export function problemDocument({ code, details }: HttpProblem, requestId?: string): ProblemDocument {
  const { status, title, advice } = PROBLEMS[code];
  const { errors, mostErrors = MAX_ERRORS } = details;
  return {
    type: `/docs#${code}`,
    title,
    status,
    code,
    detail: details.detail ?? advice,
    ...(errors ? { errors: errors.slice(0, mostErrors) } : {}),
    ...(errors && errors.length > mostErrors ? { errors_omitted: errors.length - mostErrors } : {}),
    ...(requestId === undefined ? {} : { request_id: requestId }),
  };
}
