import { dollars } from "@rushes/pipeline";

/** Micro-dollars as `$1,234.50`. */
export function moneyText(micros: number): string {
  const text = Math.abs(dollars(micros)).toLocaleString("en-US", { style: "currency", currency: "USD" });
  return micros < 0 ? `−${text}` : text;
}
