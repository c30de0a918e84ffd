import { describe, expect, test } from "vitest";
import { orderSchema } from "./order.ts";
import { WEBHOOK_EVENTS, wantedEvents, webhookType } from "./webhook-order.ts";

const input = { mode: "master-text-to-video", prompt: "a lake", duration: 5 };
const webhook_url = "https://hooks.example/rushes";
const wanted = (webhook_events?: string[]) =>
  wantedEvents(orderSchema.parse({ input, webhook_url, ...(webhook_events ? { webhook_events } : {}) }));
const problems = (order: object): string[] =>
  (orderSchema.safeParse({ input, ...order }).error?.issues ?? []).map(({ path }) => path.join("."));

describe("what an order is told of", () => {
  test("nothing without a URL", () => {
    expect(wantedEvents(orderSchema.parse({ input }))).toEqual([]);
  });

  test("the three ends by default, and beside whatever else is listed", () => {
    expect(wanted()).toEqual(["completed", "failed", "cancelled"]);
    expect(wanted(["late"])).toEqual(["late", "completed", "failed", "cancelled"]);
    expect(wanted(["unconfirmed", "submitted"])).toEqual([
      "submitted",
      "unconfirmed",
      "completed",
      "failed",
      "cancelled",
    ]);
  });

  test("only some ends where the list names them", () => {
    expect(wanted(["failed"])).toEqual(["failed"]);
    expect(wanted(["late", "completed"])).toEqual(["late", "completed"]);
    expect(wanted([...WEBHOOK_EVENTS])).toEqual(WEBHOOK_EVENTS);
  });

  test("names with and without prefix are the same, and so are orders that mean the same", () => {
    expect(wanted(WEBHOOK_EVENTS.map(webhookType))).toEqual(WEBHOOK_EVENTS);
    const one = orderSchema.parse({ input, webhook_url, webhook_events: ["video.failed", "late", "failed"] });
    const other = orderSchema.parse({ input, webhook_url, webhook_events: ["late", "failed"] });
    expect(one).toEqual(other);
  });
});

describe("what is refused", () => {
  test.each([
    7,
    null,
    "",
    "hooks.example",
    "ftp://hooks.example/",
    "https://user@hooks.example/",
    "https://:secret@hooks.example/",
    "https://",
    `https://hooks.example/${"x".repeat(2048)}`,
    "https://hooks.example/\ud83c",
  ])("webhook_url %j", (url) => {
    expect(problems({ webhook_url: url })).toEqual(["webhook_url"]);
  });

  test.each(["late", 7, null, {}, ["ended"], ["Late"], [7], []].map((events) => ({ events })))(
    "webhook_events $events",
    ({ events }) => {
      const wrong = problems({ webhook_url, webhook_events: events });
      expect(wrong.map((path) => path.split(".")[0])).toEqual(["webhook_events"]);
    },
  );
});

test("http and private hosts pass here: whether they are dialled is said at the dial", () => {
  for (const url of ["http://127.0.0.1:9/hook", "https://localhost/", "http://hooks.example/?token=a#b"])
    expect(problems({ webhook_url: url })).toEqual([]);
});
