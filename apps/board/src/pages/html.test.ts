import { expect, test } from "vitest";
import { html } from "./html.ts";

test("values are text, wherever they stand", () => {
  const value = `"><script>alert('x')</script>&`;
  const { text } = html`<a title="${value}">${[value, 7, null]}</a>`;
  const escaped = "&quot;&gt;&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&amp;";
  expect(text).toBe(`<a title="${escaped}">${escaped}7</a>`);
});

test("markup inside markup stays as it is", () => {
  const items = ["a<", "b"].map((item) => html`<i>${item}</i>`);
  expect(html`<b>${items}</b>`.text).toBe("<b><i>a&lt;</i><i>b</i></b>");
});

test("half a character does not break the page", () => {
  expect(html`${"\uD83D"}`.text).toBe("\uFFFD");
});
