import { describe, expect, test } from "vitest";
import { UsageProblem } from "../usage-problem.ts";
import { flagOfField, orderFromFlags } from "./order-from-flags.ts";

const IMAGE = "https://images.example/a.jpg";

describe("orderFromFlags", () => {
  test("needs a prompt only", () => {
    expect(orderFromFlags({ prompt: "a lake" }, [])).toEqual({
      input: { mode: "master-text-to-video", prompt: "a lake", duration: 5 },
    });
  });

  test("chooses the mode by the images, the cheapest first, unless it is named", () => {
    const mode = (images: string[], values = {}) =>
      orderFromFlags({ prompt: "a lake", ...values }, images)?.input.mode;
    expect([[], [IMAGE], [IMAGE, IMAGE]].map((images) => mode(images))).toEqual([
      "master-text-to-video",
      "standard-image-to-video",
      "pro-image-to-video",
    ]);
    expect(mode([IMAGE], { mode: "master-image-to-video" })).toBe("master-image-to-video");
  });

  test("takes everything that an order may have", () => {
    const values = {
      prompt: "a lake",
      duration: "10",
      "aspect-ratio": "1:1",
      "negative-prompt": "people",
      "cfg-scale": "0.5",
      priority: "-5",
      delay: "60",
      "max-charges": "2",
      metadata: '{"shot":12}',
      "webhook-url": "https://hooks.example/",
      "webhook-events": "completed, late",
    };
    expect(orderFromFlags(values, [])).toEqual({
      input: {
        mode: "master-text-to-video",
        prompt: "a lake",
        duration: 10,
        aspect_ratio: "1:1",
        negative_prompt: "people",
        cfg_scale: 0.5,
      },
      priority: -5,
      delay_s: 60,
      max_charges: 2,
      metadata: { shot: 12 },
      webhook_url: "https://hooks.example/",
      webhook_events: ["completed", "late"],
    });
  });

  test("is undefined when nothing is described", () => {
    expect(orderFromFlags({ input: "{}", timeout: "5" }, [])).toBeUndefined();
  });

  test.each([
    [{ duration: "5" }, "--prompt"],
    [{ prompt: "x", duration: "five" }, "--duration"],
    [{ prompt: "x", priority: "" }, "--priority"],
    [{ prompt: "x", metadata: "{shot}" }, "--metadata"],
  ])("names the flag that cannot be read: %j", (values, flag) => {
    expect(() => orderFromFlags(values, [])).toThrow(UsageProblem);
    expect(() => orderFromFlags(values, [])).toThrow(flag);
  });
});

test("a field that the api finds wrong is the flag that it came from", () => {
  expect(flagOfField("input.prompt")).toBe("--prompt");
  expect(flagOfField("input.image_urls[1]")).toBe("--image");
  expect(flagOfField("webhook_events[0]")).toBe("--webhook-events");
  expect(flagOfField("input.unheard_of")).toBe("input.unheard_of");
});
