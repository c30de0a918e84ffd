const NAMES = [
  ...["input", "mode", "prompt", "duration", "image_urls", "aspect_ratio", "negative_prompt", "cfg_scale"],
  ...["model", "priority", "delay_s", "max_charges", "metadata", "webhook_url", "toString", "constructor"],
  ...["prototype", "__proto__", "", "0", "a.b", "\u0000", "\ud800", "ключ"],
];
const TEXTS = [
  ...["standard-image-to-video", "pro-image-to-video", "master-image-to-video", "master-text-to-video"],
  ...[
    "kling-2-1",
    "16:9",
    "1:1",
    "https://images.example/a.png",
    "",
    " ",
    "a cat",
    "\ud83c",
    "\u0000",
    "5",
    "null",
  ],
  ...[
    "{rushes}",
    "'); redis.call('FLUSHALL')",
    "x".repeat(6_000),
    "🎬".repeat(100),
    "vid_",
    "http://[::1]:99999/",
  ],
];
const NUMBERS = [0, 1, -1, 5, 10, 5.5, 0.1, 1e21, -1e-7, 2 ** 53, 1e308, -0];

type Random = () => number;

const pick = <Item>(random: Random, items: readonly Item[]): Item =>
  items[Math.floor(random() * items.length)] as Item;

function randomValue(random: Random, depth: number): unknown {
  const kind = Math.floor(random() * (depth > 0 ? 9 : 7));
  if (kind < 2) return pick(random, TEXTS);
  if (kind < 4) return pick(random, NUMBERS);
  if (kind === 4) return random() < 0.5;
  if (kind === 5) return null;
  if (kind === 6) return String.fromCodePoint(Math.floor(random() * 0x10000));
  const size = Math.floor(random() * 5);
  if (kind === 7) return Array.from({ length: size }, () => randomValue(random, depth - 1));
  return Object.fromEntries(
    Array.from({ length: size }, () => [pick(random, NAMES), randomValue(random, depth - 1)]),
  );
}

function validOrder(random: Random): Record<string, unknown> {
  const mode = pick(random, TEXTS.slice(0, 4));
  const images = mode === "master-text-to-video" ? {} : { image_urls: ["https://images.example/a.png"] };
  const input = { mode, prompt: "a cat", duration: pick(random, [5, 10]), ...images };
  const metadata = randomValue(random, 3);
  return { input, ...(random() < 0.3 ? { metadata: { any: metadata } } : {}) };
}

/** A valid order with up to three places changed at random. */
function nearlyValid(random: Random): Record<string, unknown> {
  const order = validOrder(random);
  for (let changes = Math.floor(random() * 4); changes > 0; changes -= 1) {
    const inside = random() < 0.7 ? (order["input"] as Record<string, unknown>) : order;
    if (typeof inside !== "object" || inside === null) continue;
    const name = pick(random, NAMES);
    if (random() < 0.25) Reflect.deleteProperty(inside, name);
    else
      Object.defineProperty(inside, name, {
        value: randomValue(random, 3),
        enumerable: true,
        configurable: true,
        writable: true,
      });
  }
  return order;
}

/** A text for the body of an order: valid, nearly valid, any JSON, or JSON with bytes changed, removed or doubled. */
export function randomBody(random: Random): string {
  const choice = random();
  if (choice < 0.1) return JSON.stringify(randomValue(random, 6)) ?? "null";
  const text = JSON.stringify(choice < 0.2 ? validOrder(random) : nearlyValid(random));
  if (choice < 0.8) return text;
  const at = Math.floor(random() * text.length);
  const length = Math.floor(random() * 5);
  const middle = pick(random, [
    "",
    "{",
    "]",
    '"',
    "\\u",
    "\\",
    ",",
    "1e999",
    "null",
    "\u0000",
    text.slice(at, at + 9),
  ]);
  return text.slice(0, at) + middle + text.slice(at + length);
}
