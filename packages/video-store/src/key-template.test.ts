import { expect, it } from "vitest";
import { DEFAULT_KEY_TEMPLATE, isKeyTemplate } from "./key-template.ts";

it.each([
  DEFAULT_KEY_TEMPLATE,
  "{video_id}.mp4",
  "{video_id}/{n}.mp4",
  "mode={mode}/day={date}/{video_id}_v1.mp4",
])("is a template: %s", (text) => {
  expect(isKeyTemplate(text)).toBe(true);
});

it.each([
  ["", "nothing"],
  ["{date}/{n}.mp4", "no id: two videos would meet"],
  ["{video_id}", "no ending"],
  ["{video_id}.mov", "another ending"],
  ["{video_id}/{prompt}.mp4", "a caller's text"],
  ["{video_id}/{N}.mp4", "a placeholder misspelt"],
  ["{{video_id}}.mp4", "doubled braces"],
  ["/{video_id}.mp4", "a slash in front"],
  ["a//{video_id}.mp4", "an empty folder"],
  ["../{video_id}.mp4", "a way out"],
  ["a/./{video_id}.mp4", "a way in place"],
  ["{video_id}/.mp4", "a name that is only an ending"],
  ["a b/{video_id}.mp4", "a blank"],
  ["ä/{video_id}.mp4", "a letter that not every store takes"],
  [`${"a".repeat(200)}/{video_id}.mp4`, "too long"],
])("is none: %j, %s", (text) => {
  expect(isKeyTemplate(text)).toBe(false);
});
