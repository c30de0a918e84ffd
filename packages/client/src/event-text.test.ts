import { expect, test } from "vitest";
import { createEventParser, type ServerEvent } from "./event-text.ts";

const STREAM =
  'retry: 2000\n\nid: 1\ndata: {"a":1}\n\n: still there\n\nid: 2\r\ndata: first\r\ndata: second\r\n\r\ndata:bare\n\nevent: x\n\n';
const EVENTS: ServerEvent[] = [
  { id: "1", data: '{"a":1}' },
  { id: "2", data: "first\nsecond" },
  { id: "2", data: "bare" },
];

test("reads events, their ids, and how long to stay away", () => {
  const parser = createEventParser();
  expect(parser.retryMs()).toBeNull();
  expect(parser.push(STREAM)).toEqual(EVENTS);
  expect(parser.retryMs()).toBe(2_000);
});

test("wherever the stream is cut", () => {
  for (let at = 1; at < STREAM.length; at += 1) {
    const parser = createEventParser();
    expect([...parser.push(STREAM.slice(0, at)), ...parser.push(STREAM.slice(at))]).toEqual(EVENTS);
  }
  const parser = createEventParser();
  expect(Array.from(STREAM).flatMap((character) => parser.push(character))).toEqual(EVENTS);
});

test("an event that breaks off is none", () => {
  expect(createEventParser().push("id: 1\ndata: half")).toEqual([]);
  expect(createEventParser().push("id: 1\ndata: half\n")).toEqual([]);
});
