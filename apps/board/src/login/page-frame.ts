import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";

const STYLE = `
:root { color-scheme: light dark; --back: #f4f5f7; --card: #fff; --text: #1c2330; --quiet: #5b6472;
  --line: #c9ced6; --accent: #1f5fd0; --on-accent: #fff; --problem: #b3261e; }
@media (prefers-color-scheme: dark) {
  :root { --back: #12161c; --card: #1b2129; --text: #e6e9ee; --quiet: #9aa4b2; --line: #3a434f;
    --accent: #7aa7ff; --on-accent: #0b1424; --problem: #ff9d94; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  background: var(--back); color: var(--text); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 22rem; padding: 2rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .75rem; }
h1 { margin: 0 0 .25rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0 0 1.25rem; color: var(--quiet); }
p.problem { color: var(--problem); }
label { display: block; margin-bottom: 1rem; font-weight: 600; }
input { display: block; width: 100%; margin-top: .25rem; padding: .625rem .75rem; font: inherit; font-weight: 400;
  color: inherit; background: var(--back); border: 1px solid var(--line); border-radius: .5rem; }
button { width: 100%; padding: .625rem .75rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: .5rem; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
a { color: var(--accent); }
p.after { margin: 1.25rem 0 0; text-align: center; }
main.wide { max-width: 80rem; align-self: start; }
.scroll { overflow-x: auto; margin-bottom: 1.25rem; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; }
th, td { padding: .5rem .75rem .5rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
th, td time, td code { white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
td.prompt { min-width: 14rem; overflow-wrap: anywhere; }
code { font: .875em ui-monospace, monospace; }
dt { margin-top: .5rem; }
dd { margin: 0; color: var(--quiet); }
`;

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** These pages run no script and load nothing: not even what Bull Board needs is allowed to them. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${STYLE_HASH}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

/** A whole page in one piece. `body` is HTML, `title` is text; a wide page has room for a table. */
export function sendPage(
  reply: FastifyReply,
  httpStatus: number,
  title: string,
  body: string,
  { isWide = false } = {},
): FastifyReply {
  return reply
    .code(httpStatus)
    .header("content-security-policy", CONTENT_SECURITY_POLICY)
    .type("text/html; charset=utf-8")
    .send(
      [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="noindex">',
        `<title>${escapeHtml(title)}</title><style>${STYLE}</style>`,
        `</head><body><main${isWide ? ' class="wide"' : ""}>${body}</main></body></html>`,
      ].join("\n"),
    );
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** For text between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
