import { BlockList, isIP } from "node:net";

const privateAddresses = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["0.0.0.0", 8],
] as const) {
  privateAddresses.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10],
] as const) {
  privateAddresses.addSubnet(network, prefix, "ipv6");
}

/** Whether a URL's host can be seen to be out of the provider's reach. Names are not resolved. */
export function isPrivateHost(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "");
  const version = isIP(host);
  if (version === 0) return isLocalName(host);
  return privateAddresses.check(host, version === 6 ? "ipv6" : "ipv4");
}

/** Whether a URL's host is this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    isLocalName(hostname) || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."))
  );
}

function isLocalName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}
