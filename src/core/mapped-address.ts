const MAPPED = /^::ffff:(?=\d+\.)/i;

/** An IPv4 client of a socket that takes both families comes as `::ffff:192.0.2.1` (RFC 4291 section 2.5.5.2): everybody knows it as 192.0.2.1. */
export function withoutMapping(address: string): string {
  return address.replace(MAPPED, "");
}
