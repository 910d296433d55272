/**
 * What the user can do about an error. It decides nothing.
 */

import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  HostnameNotResolvable,
  InvalidResponse,
  ProxyError,
  SystemError,
  TLSError,
  UnsupportedResponse,
} from '../index.ts';
import { LocalFileError } from './file-sink.ts';
import { UsageError } from './usage-error.ts';

const NO_HTTP = 'does an HTTP/1.1 server listen on this port?';

/** A line of advice; undefined: there is none. */
export function adviceFor(error: unknown): string | undefined {
  if (error instanceof UsageError) return 'dugong --help shows what can be given';
  if (error instanceof LocalFileError) return adviceForFile(error);
  // Data that cannot be decoded has the decoder's error as its cause.
  if (error instanceof InvalidResponse) return error.cause === undefined ? NO_HTTP : undefined;
  if (error instanceof UnsupportedResponse) return undefined;
  if (error instanceof HostnameNotResolvable) return 'is the name spelled right?';
  if (error instanceof DNSUnavailable) return 'is there a network connection? If so, try again later';
  if (error instanceof ConnectionTimedOut) return 'try again, or allow more with -m or --connect-timeout';
  if (error instanceof ConnectionClosed) return 'try again; if that does not help, the log of the server may say why';
  if (error instanceof TLSError) return adviceForTLS(error);
  if (error instanceof ProxyError) return 'does the proxy let you pass, and is its URL right?';
  if (!(error instanceof SystemError)) return undefined;
  return error.code === 'ECONNREFUSED'
    ? 'is the server running, and is the port right?'
    : 'can the host be reached from here?';
}

function adviceForTLS({ code, peer }: TLSError): string {
  if (/SELF_SIGNED|^UNABLE_TO_/.test(code)) {
    return peer === 'proxy'
      ? 'if you trust the proxy nevertheless, name a file with its certificate in NODE_EXTRA_CA_CERTS'
      : 'if you trust the server nevertheless, give its certificate with --cacert';
  }
  if (/_ALERT_(\w*CERTIFICATE\w*|UNKNOWN_CA|ACCESS_DENIED)$/.test(code)) {
    return `the ${peer ?? 'server'} wants a certificate of its client: --cert and --key give one`;
  }
  if (peer === 'proxy') return 'is the URL of the proxy right, and does it speak TLS on this port?';
  if (/^ERR_(SSL|OSSL)_/.test(code)) return 'does an HTTPS server listen on this port, and speak TLS 1.2 or later?';
  return 'the server needs another certificate; --insecure takes any, and with it anyone in between';
}

function adviceForFile(error: LocalFileError): string | undefined {
  switch (error.code) {
    case 'EISDIR':
      return 'it is a folder: name a file, or give the folder to -P, which writes a file for each URL there';
    case 'EEXIST':
    case 'ENOTDIR':
      return 'there is a file of that name: --overwrite replaces it, --skip-existing leaves it';
    case 'EACCES':
    case 'EROFS':
      return 'you may not write there: name another place';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room, or name another place';
    default:
      if (/bytes, not \d+$/.test(error.message)) return 'it is not the document: --overwrite replaces it';
      return /exists/.test(error.message) ? 'to replace it: --overwrite; to leave it: --skip-existing' : undefined;
  }
}
