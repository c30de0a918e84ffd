import { lookup as systemLookup, type LookupAddress } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { buildConnector } from "undici";

/** A host that does not complete the connection within this is unreachable. */
const CONNECT_TIMEOUT_MS = 10_000;

export type DialRules = {
  /** What is dialled, for messages: `result`, `webhook`. */
  subject: string;
  /** The error of a refusal. Nothing was sent then. */
  refusal: (message: string) => Error;
  /** With the colon: `https:`. */
  schemes: readonly string[];
  permitsAddress: (address: string) => boolean;
  /** `files.example.com` is that host, `*.example.com` any host below it. Missing or empty: every host. */
  hosts?: readonly string[] | undefined;
  /** How names are resolved; the system's resolver when left out. */
  lookup?: LookupFunction;
  /** Certificates to trust instead of the system's. */
  ca?: string;
};

export type DialGuard = {
  /**
   * The URL to dial, resolved against `base` where given. Refuses what can be seen in the text: scheme, user name,
   * host not on the list, an IP literal that is not permitted in any spelling.
   */
  checkUrl(url: string, base?: URL): URL;
  /** Dials for undici, and checks every address a name resolves to, in the very answer that is then dialled. */
  connect: buildConnector.connector;
};

export function createDialGuard(rules: DialRules): DialGuard {
  const { subject, refusal } = rules;
  const hosts = (rules.hosts ?? []).map((host) => bareHost(host.toLowerCase()));
  const dial = buildConnector({
    // HTTP/2 would only put several requests on one connection, which nobody here wants.
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    lookup: checkedLookup(rules),
    ...(rules.ca === undefined ? {} : { ca: rules.ca }),
  });

  return {
    checkUrl(text, base) {
      if (!URL.canParse(text, base?.href)) throw refusal(`the ${subject} URL cannot be parsed`);
      const url = new URL(text, base);
      if (!rules.schemes.includes(url.protocol)) {
        throw refusal(
          `the ${subject} URL's scheme is ${url.protocol} and must be ${rules.schemes.join(" or ")}`,
        );
      }
      if (url.username !== "" || url.password !== "") {
        throw refusal(`the ${subject} URL carries a user name or password`);
      }
      // `host.` and `host` are one host; only the bare spelling matches lists and certificates.
      const host = bareHost(url.hostname);
      if (host === "") throw refusal(`the ${subject} URL names no host`);
      if (host !== url.hostname) url.hostname = host;
      if (hosts.length > 0 && !hosts.some((allowed) => matches(allowed, host))) {
        throw refusal(`the ${subject} host ${host} is not on the list of allowed hosts`);
      }
      // What `a.localhost` resolves to differs from machine to machine; by RFC 6761 it is always this one.
      if (/(^|\.)localhost$/.test(host) && !rules.permitsAddress("127.0.0.1")) {
        throw refusal(`the ${subject} URL names this machine`);
      }
      // `new URL()` has turned 2130706433, 0x7f.1 and 0177.0.0.1 into dotted form by now.
      if (isIP(literal(host)) !== 0 && !rules.permitsAddress(literal(host))) {
        throw refusal(`the ${subject} URL names the address ${host}, which is not public`);
      }
      return url;
    },

    connect(options, callback) {
      // The resolver hook is never called for a literal, so the last look at one is here.
      const host = literal(options.hostname);
      if (isIP(host) !== 0 && !rules.permitsAddress(host)) {
        callback(refusal(`the address ${host} is not public`), null);
        return;
      }
      dial(options, callback);
    },
  };
}

function checkedLookup(rules: DialRules): LookupFunction {
  const { subject, refusal } = rules;
  const resolve = rules.lookup ?? systemLookup;
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, answer) => {
      if (error !== null) {
        callback(error, "");
        return;
      }
      const addresses = answer as LookupAddress[];
      // One bad address spoils the answer: a host that mixes public and private ones is up to something.
      const bad = addresses.find(({ address }) => !rules.permitsAddress(address));
      const [first] = addresses;
      if (bad !== undefined || first === undefined) {
        const what = bad === undefined ? "no address" : `the address ${bad.address}, which is not public`;
        callback(refusal(`the ${subject} host ${hostname} resolves to ${what}`), "");
        return;
      }
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function bareHost(host: string): string {
  return host.replace(/\.+$/, "");
}

function literal(host: string): string {
  return host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : host;
}

function matches(allowed: string, host: string): boolean {
  return allowed.startsWith("*.") ? host.endsWith(allowed.slice(1)) : host === allowed;
}
