type ProblemKind = {
  /** HTTP status. */
  status: number;
  /** The same for every problem of this code (RFC 9457). */
  title: string;
  /** For the documentation: when it happens, and what to do. */
  advice: string;
};

/**
 * Every problem the api answers. Codes are stable: callers branch on them. Texts are for people and may change.
 */
export const PROBLEMS = {
  malformed_request: {
    status: 400,
    title: "The request is malformed",
    advice: "The request breaks HTTP's own rules, or carries a body where none belongs.",
  },
  malformed_json: {
    status: 400,
    title: "The body is not JSON",
    advice:
      "The body is empty, not JSON, not UTF-8, or names a property such as __proto__ that no order may have.",
  },
  idempotency_key_missing: {
    status: 400,
    title: "The idempotency key is missing",
    advice:
      "Send a header Idempotency-Key with a value of your own for every order, and the same one when you repeat it.",
  },
  idempotency_key_invalid: {
    status: 400,
    title: "The idempotency key cannot be used",
    advice: "It must be 1 to 255 visible ASCII characters, without spaces, and sent once.",
  },
  unauthorized: {
    status: 401,
    title: "A valid API key is needed",
    advice: "Send Authorization: Bearer and one of the keys that this api knows.",
  },
  over_budget: {
    status: 402,
    title: "The budget of the day does not allow it",
    advice:
      "Nothing was ordered. The budget counts what is reserved and spent since midnight UTC; repeat with the same key later.",
  },
  admin_only: {
    status: 403,
    title: "Only an operator may do this",
    advice: "The key is not an admin's. Operators' keys end in :admin in API_KEYS.",
  },
  route_not_found: {
    status: 404,
    title: "There is no such address",
    advice: "Check the method and the path.",
  },
  video_not_found: {
    status: 404,
    title: "There is no such video",
    advice: "The id is wrong, the video is another caller's, or it ended so long ago that it was forgotten.",
  },
  account_not_found: {
    status: 404,
    title: "There is no such account",
    advice: "GET /v1/limits lists the accounts that workers submit with.",
  },
  delivery_not_found: {
    status: 404,
    title: "There is no such webhook delivery",
    advice: "GET /v1/videos/{id}/deliveries lists those that the video has.",
  },
  file_not_found: {
    status: 404,
    title: "The video has no such file",
    advice: "output lists its files; n counts them from 1.",
  },
  request_timeout: {
    status: 408,
    title: "The request took too long to arrive",
    advice: "Repeat it with the same key.",
  },
  already_submitted: {
    status: 409,
    title: "The video may have been charged already",
    advice:
      "Only a video that has not been submitted can be cancelled. What was paid for is finished and stored.",
  },
  stale: {
    status: 409,
    title: "The video has moved on",
    advice: "What was asked does not fit what the video is now. Nothing was changed; look at it again.",
  },
  charges_used_up: {
    status: 409,
    title: "Every allowed charge of the video is used",
    advice: "Release it with a larger max_charges, which is your consent to pay again. Nothing was changed.",
  },
  task_known: {
    status: 409,
    title: "The task is this video's already",
    advice: "There is nothing to adopt.",
  },
  no_unknown_attempt: {
    status: 409,
    title: "No attempt of the video can have brought the task",
    advice: "Only a video with an attempt whose answer was lost can adopt a task. Nothing was changed.",
  },
  task_elsewhere: {
    status: 409,
    title: "The task is another video's",
    advice: "A task belongs to one video only. Nothing was changed.",
  },
  content_not_ready: {
    status: 409,
    title: "The video is not finished yet",
    advice: "Ask again once its status is completed; a webhook tells when.",
  },
  content_gone: {
    status: 410,
    title: "There is no file, and there will be none",
    advice: "The video failed or was cancelled. Its error says why.",
  },
  body_too_large: {
    status: 413,
    title: "The body is too large",
    advice: "An order may have 256 KiB, a batch 16 MiB. Send images as URLs.",
  },
  unsupported_media_type: {
    status: 415,
    title: "The body must be plain JSON in UTF-8",
    advice: "Send Content-Type: application/json, without a Content-Encoding.",
  },
  invalid_order: {
    status: 422,
    title: "The order is not valid",
    advice:
      "The list errors names every field that is wrong, of every order of a batch. Nothing was ordered.",
  },
  invalid_body: {
    status: 422,
    title: "The body is not valid",
    advice: "The list errors names every field that is wrong. Nothing was changed.",
  },
  invalid_query: {
    status: 422,
    title: "A query parameter is not valid",
    advice: "The list errors names every parameter that is wrong or unknown.",
  },
  idempotency_key_reused: {
    status: 422,
    title: "The idempotency key belongs to another order",
    advice: "The same key came before with a different order. Use a new key for a new order.",
  },
  too_many_requests: {
    status: 429,
    title: "The key has used up its requests of this minute",
    advice: "Repeat after Retry-After seconds. Many orders may come in one request, as a batch.",
  },
  too_many_streams: {
    status: 429,
    title: "Too many streams of events are open",
    advice: "Close some, or ask GET /v1/videos/{id} from time to time instead. A webhook needs neither.",
  },
  headers_too_large: {
    status: 431,
    title: "The headers are too large",
    advice: "All headers and the address together may have 16 KiB.",
  },
  internal_error: {
    status: 500,
    title: "Something went wrong in the api",
    advice: "The log names the reason under this request_id. Repeat with the same key.",
  },
  content_links_off: {
    status: 501,
    title: "This api makes no links to files",
    advice:
      "It does not know the bucket. Its operator sets ARCHIVE_BUCKET and the AWS variables on the api as on the workers. Until then: output names bucket and key.",
  },
  redis_unavailable: {
    status: 503,
    title: "The record cannot be reached",
    advice:
      "Redis is away, starting, full or too slow. It is not known whether the request was carried out: repeat it with the same key after Retry-After seconds.",
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
