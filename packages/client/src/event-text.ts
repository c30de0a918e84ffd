/** One server-sent event; `id` is the newest one seen, as the standard has it. */
export type ServerEvent = { id: string; data: string };

export type EventParser = {
  /** Takes a piece of the stream, cut anywhere, and answers the events that it completes. */
  push(text: string): ServerEvent[];
  /** How long the server wants clients to wait before they come back; null until it says. */
  retryMs(): number | null;
};

/** Reads the `text/event-stream` format of the HTML standard, as far as this api uses it. */
export function createEventParser(): EventParser {
  let rest = "";
  let id = "";
  let data: string[] = [];
  let retryMs: number | null = null;

  function field(line: string): void {
    const [, name, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (name === "data") data.push(value);
    else if (name === "id") id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retryMs = Number(value);
  }

  return {
    push(text) {
      const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      const events: ServerEvent[] = [];
      for (const line of lines) {
        if (line !== "") field(line);
        else if (data.length > 0) {
          events.push({ id, data: data.join("\n") });
          data = [];
        }
      }
      return events;
    },
    retryMs: () => retryMs,
  };
}
