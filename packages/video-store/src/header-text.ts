const MOST_CHARACTERS = 256;

/** A task id is the provider's own text, and a header cannot carry every text. */
export function headerText(text: string): string {
  const carried = /^[\x21-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed());
  return carried.slice(0, MOST_CHARACTERS);
}
