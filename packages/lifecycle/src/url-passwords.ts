/**
 * The passwords of one or more addresses, separated by commas, to be kept out of logs: as they stand there and as they
 * are. What is no address has none.
 */
export function urlPasswords(addresses: string): string[] {
  return addresses.split(",").flatMap((address) => {
    const text = address.trim();
    const password = URL.canParse(text) ? new URL(text).password : "";
    if (password === "") return [];
    try {
      return [...new Set([password, decodeURIComponent(password)])];
    } catch {
      // A lone per cent sign: then nobody else decodes it either.
      return [password];
    }
  });
}
