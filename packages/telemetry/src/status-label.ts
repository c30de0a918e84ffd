/** The statuses APIXO's page documents; the rest is folded by its hundred, so the label stays a short list. */
const OWN = ["200", "400", "401", "402", "403", "404", "429", "500", "502", "503", "504"] as const;

export type StatusLabel = (typeof OWN)[number] | "2xx" | "3xx" | "4xx" | "5xx" | "other" | "none";

/** The `status` label of a provider request; `none` when no HTTP answer came. */
export function statusLabel(httpStatus: number | undefined): StatusLabel {
  if (httpStatus === undefined) return "none";
  const own = OWN.find((status) => status === String(httpStatus));
  if (own !== undefined) return own;
  switch (Math.floor(httpStatus / 100)) {
    case 2:
      return "2xx";
    case 3:
      return "3xx";
    case 4:
      return "4xx";
    case 5:
      return "5xx";
    default:
      return "other";
  }
}
