// Who may ask the admin side what: the token, the Host field and the browser's word on where a request comes from. Pure but for the hash of
// the token; knows no paths but those that need no token.

import { createHash, timingSafeEqual } from "node:crypto";
import { isIP } from "node:net";

/** What the guard looks at; field values as Node gives them. */
export interface GuardedRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  /** Sec-Fetch-Site and Sec-Fetch-Mode (W3C Fetch Metadata): every browser of today sends them, and no page can forge them. */
  readonly fetchSite: string | undefined;
  readonly fetchMode: string | undefined;
}

export interface Objection {
  readonly status: 401 | 403;
  readonly text: string;
}

/** Probes of container systems carry no token; what they learn is one word. */
const PUBLIC_PATHS = new Set(["/livez", "/readyz"]);

export class Guard {
  readonly #token: Buffer | undefined;

  /** Without a token only Host fields that name this machine's own loopback are taken: a page of another name cannot be bound to it. */
  constructor(token: string | undefined) {
    this.#token = token === undefined ? undefined : hashOf(token);
  }

  /** Undefined: go on. */
  objection(request: GuardedRequest): Objection | undefined {
    if (isCrossSite(request)) {
      return { status: 403, text: "requests from other sites are not taken" };
    }
    if (PUBLIC_PATHS.has(request.path)) return undefined;
    if (this.#token === undefined) {
      return isLoopbackHost(request.host)
        ? undefined
        : { status: 403, text: "the Host field must be localhost or a loopback address" };
    }
    const given = tokenOf(request.authorization);
    if (given !== undefined && timingSafeEqual(hashOf(given), this.#token)) return undefined;
    return { status: 401, text: "the token of --admin-token is needed: Authorization: Bearer" };
  }
}

/** A page of another site must neither press a button here nor read a figure; a link to the page may be followed. */
function isCrossSite({ method, host, origin, fetchSite, fetchMode }: GuardedRequest): boolean {
  const isReading = method === "GET" || method === "HEAD";
  if (fetchSite !== undefined && fetchSite !== "same-origin" && fetchSite !== "none") {
    return !(isReading && fetchMode === "navigate");
  }
  if (origin === undefined) return false;
  return origin !== `http://${host ?? ""}` && origin !== `https://${host ?? ""}`;
}

/** Any port: it may have been forwarded. */
export function isLoopbackHost(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d{1,5}$/, "").toLowerCase();
  if (name === "localhost" || name === "[::1]") return true;
  return isIP(name) === 4 && name.startsWith("127.");
}

/** Of `Bearer TOKEN`; or the password of `Basic`, which a browser asks for by itself. */
function tokenOf(authorization: string | undefined): string | undefined {
  const [scheme, value] = (authorization ?? "").split(" ");
  if (value === undefined) return undefined;
  if (scheme?.toLowerCase() === "bearer") return value;
  if (scheme?.toLowerCase() !== "basic") return undefined;
  const pair = Buffer.from(value, "base64").toString("utf8");
  return pair.slice(pair.indexOf(":") + 1);
}

/** Of one length, whatever is compared: timingSafeEqual asks for that, and the length itself is told to nobody. */
function hashOf(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
