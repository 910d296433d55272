/** The results of the addon's TLS calls besides counts and errno values (native/tls-connection.h), and its limits. */

export const TLS_WANT_READ = -10001;
export const TLS_WANT_WRITE = -10002;
export const TLS_FAILED = -10003;
export const TLS_TRUNCATED = -10004;
export const TLS_AGAIN = -10005;
export const TLS_BUSY = -10006;
export const TLS_MOST_RENEGOTIATIONS = 32;
export const TLS_MOST_WITHOUT_CONTENT: number = 2 ** 18;
/** The possible faults of a certificate: OpenSSL's numbers, with its words. */
export const CERTIFICATE_FAULTS: ReadonlyMap<number, string> = new Map([
  [0, 'ok'],
  [9, 'certificate is not yet valid'],
  [10, 'certificate has expired'],
  [18, 'self-signed certificate'],
  [19, 'self-signed certificate in certificate chain'],
  [20, 'unable to get local issuer certificate'],
  [26, 'unsuitable certificate purpose'],
  [62, 'hostname mismatch'],
  [64, 'IP address mismatch'],
]);
export const X509_V_ERR_HOSTNAME_MISMATCH = 62;
export const X509_V_ERR_IP_ADDRESS_MISMATCH = 64;

/** OpenSSL's words for a peer's alert. */
const ALERTS: ReadonlyMap<number, string> = new Map([
  [40, 'ssl/tls alert handshake failure'],
  [42, 'ssl/tls alert bad certificate'],
  [48, 'tlsv1 alert unknown ca'],
  [70, 'tlsv1 alert protocol version'],
  [80, 'tlsv1 alert internal error'],
  [116, 'tlsv13 alert certificate required'],
  [120, 'tlsv1 alert no application protocol'],
]);

export function alertReason(description: number): string {
  return ALERTS.get(description) ?? `tlsv1 alert ${description}`;
}

/** Whether a result names a want, and no failure. */
export function wanting(result: number): boolean {
  return result <= TLS_WANT_READ && result !== TLS_FAILED && result !== TLS_TRUNCATED;
}
