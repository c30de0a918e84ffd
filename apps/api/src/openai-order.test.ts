import { describe, expect, test } from "vitest";
import { inOpenAiWords, isOpenAiForm, readOpenAiForm } from "./openai-order.ts";

const IMAGE = { image_url: "https://images.example/a.jpg" };
const read = (body: object) => readOpenAiForm({ prompt: "a lake", ...body });
const inputOf = (body: object): unknown => {
  const form = read(body);
  return "order" in form ? form.order["input"] : form.errors;
};
const fieldsOf = (body: object): string[] => {
  const form = read(body);
  return "errors" in form ? form.errors.map(({ field }) => field) : [];
};

test.each([
  [{ prompt: "a" }, true],
  [{ model: "kling-2-1", input_reference: IMAGE }, true],
  [{ input: {}, prompt: "a" }, false],
  [{ model: "kling-2-1" }, false],
  [{}, false],
  [["prompt"], false],
  [null, false],
  ["prompt", false],
])("%j is that form: %j", (body, is) => expect(isOpenAiForm(body)).toBe(is));

describe("a model's name and an image", () => {
  test.each([
    [undefined, undefined, "master-text-to-video"],
    ["kling-2-1", undefined, "master-text-to-video"],
    ["kling-2-1", IMAGE, "standard-image-to-video"],
    ["kling-2-1-pro", IMAGE, "pro-image-to-video"],
    ["kling-2-1-master", undefined, "master-text-to-video"],
    ["kling-2-1-master", IMAGE, "master-image-to-video"],
  ])("%s with %j is %s", (model, input_reference, mode) => {
    const image = input_reference ? { image_urls: [IMAGE.image_url] } : {};
    const input = inputOf({ ...(model ? { model } : {}), ...(input_reference ? { input_reference } : {}) });
    expect(input).toEqual({ mode, prompt: "a lake", duration: 5, ...image });
  });

  test("the pro model without one is refused, and so is a model that is not known", () => {
    expect(fieldsOf({ model: "kling-2-1-pro" })).toEqual(["input_reference"]);
    for (const model of ["sora-2", "", 7, null, "toString", "__proto__"])
      expect(fieldsOf({ model })).toEqual(["model"]);
  });

  test.each([
    ["file"],
    ["https://images.example/a.jpg"],
    [{}],
    [{ file_id: "f" }],
    [{ ...IMAGE, file_id: "f" }],
    [[IMAGE]],
    [null],
  ])("an image given as %j is refused", (input_reference) =>
    expect(fieldsOf({ input_reference })).toEqual(["input_reference"]),
  );
});

describe("a size", () => {
  test.each([
    ["1280x720", "16:9"],
    ["1792x1024", "16:9"],
    ["720x1280", "9:16"],
    ["1024x1792", "9:16"],
    ["1024x1024", "1:1"],
  ])("%s is %s", (size, aspect_ratio) => expect(inputOf({ size })).toMatchObject({ aspect_ratio }));

  test("of an image says nothing", () => {
    expect(inputOf({ size: "1280x720", input_reference: IMAGE })).not.toHaveProperty("aspect_ratio");
  });

  test.each(["1024x768", "1280", "x", "0x0", "1280x0", "1280X720", " 1280x720", 7, null])(
    "%j is refused",
    (size) => {
      expect(fieldsOf({ size })).toEqual(["size"]);
    },
  );
});

test.each([
  ["5", 5],
  ["10", 10],
  [5, 5],
  [10, 10],
])("seconds %j are %j", (seconds, duration) => {
  expect(inputOf({ seconds })).toMatchObject({ duration });
});

test.each(["4", "8", 12, "", null, "toString"])("seconds %j are refused", (seconds) => {
  expect(fieldsOf({ seconds })).toEqual(["seconds"]);
});

test("everything that is wrong is told at once", () => {
  expect(fieldsOf({ model: "sora-2", seconds: "4", size: "a", input_reference: 1 })).toEqual([
    "input_reference",
    "model",
    "size",
    "seconds",
  ]);
});

test("what our own form has besides is kept", () => {
  expect(read({ metadata: { a: 1 }, unheard_of: 1 })).toMatchObject({
    order: { metadata: { a: 1 }, unheard_of: 1 },
  });
});

test("errors of the order are told by the names that were used", () => {
  const errors = ["input.prompt", "input.image_urls[0]", "input.duration", "metadata"].map((field) => ({
    field,
    message: "m",
  }));
  expect(inOpenAiWords(errors).map(({ field }) => field)).toEqual([
    "prompt",
    "input_reference.image_url",
    "seconds",
    "metadata",
  ]);
});
