/** What the addon's calls of TLS return besides counts and errno values (native/tls-connection.h), and its limits. */

export const TLS_WANT_READ = -10001;
export const TLS_WANT_WRITE = -10002;
export const TLS_FAILED = -10003;
export const TLS_TRUNCATED = -10004;
export const TLS_AGAIN = -10005;
export const TLS_BUSY = -10006;
export const TLS_MOST_RENEGOTIATIONS = 32;
export const TLS_MOST_WITHOUT_CONTENT: number = 2 ** 18;
/** OpenSSL's number. */
export const X509_V_ERR_HOSTNAME_MISMATCH = 62;

/** Whether a result says what must come first, and is no failure. */
export function wanting(result: number): boolean {
  return result <= TLS_WANT_READ && result !== TLS_FAILED && result !== TLS_TRUNCATED;
}
