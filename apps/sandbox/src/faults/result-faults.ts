import type { ResultFault } from "./fault.ts";

/** The link-local address where clouds keep their secrets: a download guard must refuse it. */
export const METADATA_URL = "http://169.254.169.254/latest/meta-data/";

export const RESULT_FAULTS: readonly ResultFault[] = [
  {
    at: "result",
    name: "result:object",
    does: "`resultJson` is an object instead of a string.",
    resultJson: (url) => ({ resultUrls: [url] }),
  },
  {
    at: "result",
    name: "result:double-encoded",
    does: "`resultJson` is a JSON string of a JSON string.",
    resultJson: (url) => JSON.stringify(JSON.stringify({ resultUrls: [url] })),
  },
  {
    at: "result",
    name: "result:url-objects",
    does: "`resultUrls` holds `{url}` objects.",
    resultJson: (url) => JSON.stringify({ resultUrls: [{ url }] }),
  },
  {
    at: "result",
    name: "result:several-urls",
    does: "`resultUrls` holds this many URLs, each of a different file.",
    argument: { name: "count", default: 2 },
    resultJson: (url, { number }) =>
      JSON.stringify({ resultUrls: Array.from({ length: number }, (_, index) => numbered(url, index)) }),
  },
  {
    at: "result",
    name: "result:no-urls",
    does: "`resultUrls` is empty.",
    resultJson: () => JSON.stringify({ resultUrls: [] }),
  },
  {
    at: "result",
    name: "result:missing",
    does: "There is no `resultJson`.",
    resultJson: () => undefined,
  },
  { at: "result", name: "result:null", does: "`resultJson` is null.", resultJson: () => null },
  { at: "result", name: "result:blank", does: "`resultJson` is an empty string.", resultJson: () => "" },
  {
    at: "result",
    name: "result:not-json",
    does: "`resultJson` is a string that is not JSON.",
    resultJson: (url) => `resultUrls=${url}`,
  },
  {
    at: "result",
    name: "result:private-url",
    does: "`resultUrls` points at a cloud's metadata address.",
    resultJson: () => JSON.stringify({ resultUrls: [METADATA_URL] }),
  },
];

/** The file host tells the files of one task apart by a number before the ending: `.mp4`, `.1.mp4`, `.2.mp4`. */
function numbered(url: string, index: number): string {
  return index === 0 ? url : url.replace(/\.mp4/, `.${index}.mp4`);
}
