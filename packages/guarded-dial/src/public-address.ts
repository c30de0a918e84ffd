import { BlockList, isIP } from "node:net";

/**
 * Which addresses may be dialled for a stranger. IPv4: everything but the special-purpose blocks of the IANA registry
 * (RFC 6890 and its updates), multicast, the reserved top of the space, and the one cloud metadata address that
 * hides in public space. IPv6: only global unicast 2000::/3 without its special-purpose blocks; that leaves out
 * loopback, link-local, unique-local, multicast, IPv4-mapped and both NAT64 prefixes in one stroke, so a new way
 * of wrapping an IPv4 address outside 2000::/3 is refused before anybody has heard of it.
 */
const FORBIDDEN_IPV4: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8], // this network
  ["10.0.0.0", 8],
  ["100.64.0.0", 10], // carrier-grade NAT
  ["127.0.0.0", 8],
  ["168.63.129.16", 32], // Azure's wire server, which hands out machine secrets
  ["169.254.0.0", 16], // link-local, and most clouds' metadata
  ["172.16.0.0", 12],
  ["192.0.0.0", 24], // protocol assignments, and Oracle Cloud's metadata
  ["192.0.2.0", 24], // documentation
  ["192.88.99.0", 24], // 6to4 relays, retired
  ["192.168.0.0", 16],
  ["198.18.0.0", 15], // benchmarks
  ["198.51.100.0", 24], // documentation
  ["203.0.113.0", 24], // documentation
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4], // reserved, and broadcast
];

const FORBIDDEN_IPV6: readonly (readonly [string, number])[] = [
  ["2001::", 23], // protocol assignments: Teredo and ORCHID among them
  ["2001:db8::", 32], // documentation
  ["2002::", 16], // 6to4: an IPv4 address in disguise
  ["3fff::", 20], // documentation
];

const forbidden = new BlockList();
for (const [network, bits] of FORBIDDEN_IPV4) forbidden.addSubnet(network, bits, "ipv4");
for (const [network, bits] of FORBIDDEN_IPV6) forbidden.addSubnet(network, bits, "ipv6");
const globalUnicast = new BlockList();
globalUnicast.addSubnet("2000::", 3, "ipv6");

/** Whether an IP address (no name, no brackets) belongs to the public internet. Anything else is not public. */
export function isPublicAddress(address: string): boolean {
  switch (isIP(address)) {
    case 4:
      return !forbidden.check(address, "ipv4");
    case 6:
      // An address with a zone (`fe80::1%eth0`) is local to one link by definition.
      if (address.includes("%")) return false;
      return globalUnicast.check(address, "ipv6") && !forbidden.check(address, "ipv6");
    default:
      return false;
  }
}
