/** Where files go unless `ARCHIVE_KEY` says otherwise. */
export const DEFAULT_KEY_TEMPLATE = "{date}/{video_id}.mp4";

/** What a template must be, as the end of a sentence that begins with the variable's name. */
export const KEY_TEMPLATE_RULE =
  "must be a key that names {video_id} and ends in .mp4, made of {video_id}, {date}, {mode}, {n}, a-z, A-Z, 0-9 and . _ = - /, " +
  `at most 200 characters, no folder empty or beginning with a dot: for example ${DEFAULT_KEY_TEMPLATE}`;

const PLACEHOLDERS = ["{video_id}", "{date}", "{mode}", "{n}"] as const;
/** S3 allows 1024 bytes; an id, a date and a mode make some 70 of them, and a prefix comes in front. */
const MOST_CHARACTERS = 200;

/**
 * Whether a text can say where files go. Only letters that every store and every header carries; the id must be in it,
 * or two videos would meet under one key; the ending is what players and browsers go by.
 */
export function isKeyTemplate(text: string): boolean {
  const rest = PLACEHOLDERS.reduce((left, placeholder) => left.replaceAll(placeholder, "x"), text);
  return (
    text.length <= MOST_CHARACTERS &&
    text.includes("{video_id}") &&
    text.endsWith(".mp4") &&
    /^[A-Za-z0-9._=/-]+$/.test(rest) &&
    rest.split("/").every((folder) => folder !== "" && !folder.startsWith("."))
  );
}
