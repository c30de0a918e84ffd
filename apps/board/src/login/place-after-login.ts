const HERE = "http://board.invalid";

/**
 * Where to go after the login: the page that was asked for, as long as it is one of ours. Browsers read `//host`,
 * `/\host` and `/.//host` as another server, so the text is read the way they do.
 */
export function placeAfterLogin(asked: string | undefined): string {
  if (!asked?.startsWith("/") || !URL.canParse(asked, HERE)) return "/";
  const url = new URL(asked, HERE);
  const isOurs = url.origin === HERE && !url.pathname.startsWith("//");
  const isLoop = url.pathname === "/login" || url.pathname === "/logout";
  return isOurs && !isLoop ? `${url.pathname}${url.search}` : "/";
}
