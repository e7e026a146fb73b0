// Values of the options of the admin side: where it listens, what its token is, which path of the main address tells of health. Pure: a token
// in a file is read where it is used.

import { type BindAddress, describeBindAddress, parseAddress } from "./bind-address.ts";
import { BadValue, type Kind } from "./kinds.ts";

export type AdminAddress = BindAddress | { readonly kind: "off" };

/** Of `npm start` and `rickhouse dev`; 8888 is the main address's. */
export const ADMIN_PORT = 8889;

/** An address as of --bind, or `off`. */
export const adminAddress: Kind<AdminAddress> = {
  placeholder: "ADDRESS|off",
  example: `127.0.0.1:${ADMIN_PORT}`,
  schema: { type: "string", pattern: ":|^off$" },
  parse: (text) => (text === "off" ? { kind: "off" } : parseAddress(text, ADMIN_PORT)),
  describe: (address) => (address.kind === "off" ? "off" : describeBindAddress(address)),
};

/** Nobody but processes of this machine can reach it: names other than localhost may mean anything. */
export function isLocalAddress(address: AdminAddress): boolean {
  if (address.kind === "fd") return false; // Whoever opened it knows.
  if (address.kind !== "tcp") return true;
  return /^(?:localhost|::1|127\.\d+\.\d+\.\d+)$/i.test(address.host);
}

/** Where a secret stands. */
export type SecretSource =
  | { readonly kind: "none" }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "file"; readonly path: string };

/** The shortest that is taken: this is a password that machines keep. */
const MIN_SECRET_LENGTH = 16;

/** `file:PATH`, the secret itself (which `ps` shows to everybody on the machine), or `none`. */
export const secretSource: Kind<SecretSource> = {
  placeholder: "file:PATH",
  example: "file:/run/secrets/rickhouse",
  schema: { type: "string", minLength: 1 },
  parse(text) {
    if (text === "none") return { kind: "none" };
    if (text === "file:")
      throw new BadValue("no path behind file:", "write it like file:/run/secrets/token");
    if (text.startsWith("file:")) return { kind: "file", path: text.slice(5) };
    checkSecret(text);
    return { kind: "text", text };
  },
  // A secret is never shown: this one text does not read back as the same value.
  describe: (source) => {
    if (source.kind === "file") return `file:${source.path}`;
    return source.kind === "none" ? "none" : "(hidden)";
  },
  conceal: (text) => (text.startsWith("file:") ? text : "(hidden)"),
};

/** Throws BadValue for what no Authorization field could carry, or a program could guess. */
export function checkSecret(text: string): void {
  if (!/^[\x21-\x7e]*$/.test(text)) {
    throw new BadValue("not of visible ASCII characters", "make one with: openssl rand -hex 32");
  }
  if (text.length < MIN_SECRET_LENGTH) {
    throw new BadValue(
      `shorter than ${MIN_SECRET_LENGTH} characters`,
      "make one with: openssl rand -hex 32",
    );
  }
}

/** A path of the main address, `""` for none. */
export const healthPath: Kind<string> = {
  placeholder: "/PATH|off",
  example: "/healthz",
  schema: { type: "string", pattern: "^/|^off$" },
  parse(text) {
    if (text === "off") return "";
    if (!/^\/[\w\-.~!$&'()*+,;=:@%/]*$/.test(text)) {
      throw new BadValue("not a path without a query", "write it like /healthz");
    }
    return text;
  },
  describe: (path) => (path === "" ? "off" : path),
};
