import { Readable, type Writable } from "node:stream";
import { pipeline } from "node:stream/promises";

/**
 * Writes lines as fast as they are read at the other end, holding few of them. When the reader goes away, as `head` does,
 * the rest is not made any more.
 */
export async function writeLines(output: Writable, lines: AsyncIterable<string>): Promise<void> {
  try {
    await pipeline(Readable.from(withEnds(lines)), output, { end: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

async function* withEnds(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`;
}
