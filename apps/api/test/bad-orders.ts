import { imageOrder, textOrder } from "./running-api.ts";

/** An order that must be refused with 422 and exactly these fields named. */
export type BadOrder = { what: string; body: unknown; fields: string[] };

/** JSON as text, for what cannot be built as a value: `JSON.stringify` itself runs out of stack. */
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;

const NOT_STRINGS: readonly unknown[] = [null, 7, true, [], {}, ["text"]];
const NOT_OBJECTS: readonly unknown[] = [null, 7, true, "text", []];
const NOT_NUMBERS: readonly unknown[] = [null, "1", true, [], {}];
const IMAGE = "https://images.example/a.jpg";
const IMAGE_MODES = ["standard-image-to-video", "pro-image-to-video", "master-image-to-video"] as const;

const show = (value: unknown): string => {
  const text = JSON.stringify(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
};

/** One case per value that a field must not have. */
function values(field: string, wrong: readonly unknown[], order = textOrder()): BadOrder[] {
  return wrong.map((value) => ({
    what: `${field} = ${show(value)}`,
    body: { ...order, input: { ...order.input, [field]: value } },
    fields: [`input.${field}`],
  }));
}

function topLevel(field: string, wrong: readonly unknown[]): BadOrder[] {
  return wrong.map((value) => ({
    what: `${field} = ${show(value)}`,
    body: { ...textOrder(), [field]: value },
    fields: [field],
  }));
}

function without(field: string, order = textOrder()): BadOrder {
  const input = Object.fromEntries(Object.entries(order.input).filter(([name]) => name !== field));
  return {
    what: `no ${field} in ${String(order.input["mode"])}`,
    body: { ...order, input },
    fields: [`input.${field}`],
  };
}

function badImages(): BadOrder[] {
  const wrongLists: readonly unknown[] = [[], null, "https://images.example/a.jpg", {}, 1];
  const wrongUrls = [
    "",
    "a.jpg",
    "ftp://a/b",
    "file:///a",
    "http://user:pw@a/b",
    "//a/b",
    `https://a/${"x".repeat(2048)}`,
  ];
  return [
    ...IMAGE_MODES.flatMap((mode) => [
      without("image_urls", imageOrder(mode)),
      ...values("image_urls", [...wrongLists, [IMAGE, IMAGE, IMAGE]], imageOrder(mode)),
      ...values("aspect_ratio", ["16:9", "1:1"], imageOrder(mode)),
      ...[...wrongUrls, null, 7, [IMAGE]].map((url) => ({
        what: `${mode} of the image ${show(url)}`,
        body: imageOrder(mode, { image_urls: [url] }),
        fields: ["input.image_urls[0]"],
      })),
    ]),
    ...["standard-image-to-video", "master-image-to-video"].flatMap((mode) =>
      values("image_urls", [[IMAGE, IMAGE]], imageOrder(mode)),
    ),
    {
      what: "a wrong second image",
      body: imageOrder("pro-image-to-video", { image_urls: [IMAGE, "end.jpg"] }),
      fields: ["input.image_urls[1]"],
    },
    ...values("image_urls", [[], [IMAGE], null, "none"]),
  ];
}

export const BAD_ORDERS: readonly BadOrder[] = [
  ...[null, 7, "text", true, [], [textOrder()]].map((body) => ({
    what: `the body ${show(body)}`,
    body: JSON.stringify(body),
    fields: ["body"],
  })),
  { what: "no input", body: {}, fields: ["input"] },
  ...topLevel("input", NOT_OBJECTS),
  ...topLevel("model", ["kling-2-2", "KLING-2-1", "", null, 7]),
  ...topLevel("priority", [...NOT_NUMBERS, 0.5, 101, -101, 1e300]),
  ...topLevel("delay_s", [...NOT_NUMBERS, -1, -0.001, 30 * 86_400 + 1]),
  ...topLevel("max_charges", [...NOT_NUMBERS, 0, -1, 1.5, 11]),
  ...topLevel("metadata", [...NOT_OBJECTS, { a: "x".repeat(8 * 1024) }]),
  ...[33, 5_000, 40_000].map((levels) => ({
    what: `metadata of ${levels} levels`,
    body: JSON.stringify({ ...textOrder(), metadata: 0 }).replace(
      '"metadata":0',
      `"metadata":${nested(levels)}`,
    ),
    fields: ["metadata"],
  })),
  ...topLevel("webhook_urls", ["https://hooks.example"]),
  ...topLevel("webhook_url", [...NOT_STRINGS, "", "hooks.example", "ftp://a/b", "https://user:pw@a/b"]),
  ...topLevel("webhook_url", [`https://a/${"x".repeat(2048)}`]),
  ...topLevel("webhook_events", [["late"]]),
  {
    what: "webhook_events that nobody knows",
    body: { ...textOrder(), webhook_url: "https://hooks.example", webhook_events: ["late", "ended", 7] },
    fields: ["webhook_events[1]", "webhook_events[2]"],
  },
  ...[[], "late", {}].map((events) => ({
    what: `webhook_events = ${show(events)}`,
    body: { ...textOrder(), webhook_url: "https://hooks.example", webhook_events: events },
    fields: ["webhook_events"],
  })),
  ...topLevel("Input", [{}]),

  ...["mode", "prompt", "duration"].map((field) => without(field)),
  ...values("mode", [...NOT_STRINGS, "", "text-to-video", "Master-Text-To-Video", "master-text-to-video "]),
  ...values("prompt", [
    ...NOT_STRINGS,
    "",
    "  \n\t ",
    "x".repeat(5001),
    "🎬".repeat(5001),
    "half \ud83c",
    "\udfac half",
  ]),
  ...values("duration", [...NOT_NUMBERS, 0, 4, 6, 5.5, -5, 100, "5", "10"]),
  ...values("aspect_ratio", ["4:3", "16x9", "", null, 1, []]),
  ...values("negative_prompt", [...NOT_STRINGS, "x".repeat(501), "half \ud83c"]),
  ...values("cfg_scale", [...NOT_NUMBERS, -0.1, 1.1, 1e9]),
  ...values("seed", [1]),
  ...values("Prompt", ["x"]),
  ...badImages(),

  {
    what: "everything wrong at once",
    body: {
      input: {
        mode: "pro-image-to-video",
        prompt: "",
        duration: "5",
        image_urls: ["a", 7],
        aspect_ratio: "16:9",
        negative_prompt: 1,
        cfg_scale: 2,
        seed: 1,
      },
      model: "x",
      priority: 1000,
      delay_s: -1,
      max_charges: 0,
      metadata: [],
      color: "red",
    },
    fields: [
      "color",
      "delay_s",
      "input.aspect_ratio",
      "input.cfg_scale",
      "input.duration",
      "input.image_urls[0]",
      "input.image_urls[1]",
      "input.negative_prompt",
      "input.prompt",
      "input.seed",
      "max_charges",
      "metadata",
      "model",
      "priority",
    ],
  },
  {
    what: "an empty input",
    body: { input: {} },
    fields: ["input.duration", "input.mode", "input.prompt"],
  },
  {
    what: "a wrong mode, and what is wrong in every mode",
    body: textOrder({
      mode: "x",
      prompt: "",
      duration: 7,
      image_urls: 7,
      aspect_ratio: 7,
      cfg_scale: 7,
      seed: 7,
    }),
    fields: ["input.cfg_scale", "input.duration", "input.mode", "input.prompt", "input.seed"],
  },
  {
    what: "a field that is too deep, and others that are wrong",
    body: `{"input":{},"metadata":${nested(100)},"color":${nested(100)}}`,
    fields: ["color", "input.duration", "input.mode", "input.prompt", "metadata"],
  },
  { what: "an input that is too deep", body: `{"input":${nested(40_000)}}`, fields: ["input"] },
];
