import { BlockList, isIP } from 'node:net';

/** What a person may set who wants such an address, or http://, all the same. */
export const UNLESS_ALLOWED = '(for development: WEBHOOKS_ALLOW_PRIVATE=true)';

/** IANA's special-purpose registry for IPv4 (RFC 6890 and what was added), with multicast and class E. */
const SPECIAL_IPV4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12'],
  ...['192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24'],
  ...['203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** All that is routed on the Internet is in here; outside are loopback, private, link-local, multicast, mapped IPv4 and NAT64. */
const GLOBAL_IPV6 = ['2000::/3'];
/** Within it: IETF's own (Teredo among them), documentation, and 6to4, which carries an IPv4 address. */
const SPECIAL_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

const specialIpv4 = blockList(SPECIAL_IPV4, 'ipv4');
const globalIpv6 = blockList(GLOBAL_IPV6, 'ipv6');
const specialIpv6 = blockList(SPECIAL_IPV6, 'ipv6');

/**
 * Why no webhook may go to this IP address: it leads into somebody's own network, or nowhere (SSRF). Null: it is one of the
 * Internet. What is no address, or has a zone, is forbidden as well.
 */
export function forbiddenAddress(ip: string): string | null {
  // A zone names an interface of ours, and BlockList takes no notice of it.
  const family = ip.includes('%') ? 0 : isIP(ip);
  if (family === 0) return `${ip} is no IP address of the Internet`;
  const isSpecial =
    family === 4 ? specialIpv4.check(ip, 'ipv4') : !globalIpv6.check(ip, 'ipv6') || specialIpv6.check(ip, 'ipv6');
  return isSpecial ? `${ip} is a private, local or special address ${UNLESS_ALLOWED}` : null;
}

function blockList(ranges: readonly string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network = '', bits] = range.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}
