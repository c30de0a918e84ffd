import { expect, test } from "vitest";
import { markup } from "./markup.ts";

test("values are escaped, markup is not, lists are joined", () => {
  const items = ["<b>", "a & 'b'"].map((item) => markup`<li title="${item}">${item}</li>`);
  expect(markup`<ul>${items}</ul>${1}`.text).toBe(
    '<ul><li title="&lt;b&gt;">&lt;b&gt;</li>\n<li title="a &amp; &#39;b&#39;">a &amp; &#39;b&#39;</li></ul>1',
  );
});
