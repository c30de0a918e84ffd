import { z } from "zod";

/** A ULID in lower case (Crockford's base 32: no i, l, o, u), so that ids sort by the time they were made. */
export const videoIdSchema = z.string().regex(/^vid_[0-9a-hjkmnp-tv-z]{26}$/, {
  error: "must be the id of a video: vid_ and 26 characters",
});
