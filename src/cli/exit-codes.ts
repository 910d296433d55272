/**
 * The exit codes of the command. How an error gets its code is in verdict.ts.
 */

/** The codes by name. */
export const EXIT = {
  done: 0,
  internal: 1,
  usage: 2,
  file: 3,
  network: 4,
  tls: 5,
  authentication: 6,
  protocol: 7,
  missing: 8,
  hangup: 129,
  interrupted: 130,
  brokenPipe: 141,
  terminated: 143,
} as const;

/** What each code means, for the help. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.done, 'all documents are there (check: all links are alive; put: all files are stored)'],
  [EXIT.internal, 'an error of dugong itself'],
  [EXIT.usage, 'the command line, a configuration file, the list, or a proxy in the environment is wrong'],
  [EXIT.file, 'a local file cannot be read or written, or is there already'],
  [EXIT.network, 'network or DNS: a name, server or proxy cannot be reached, a connection was lost or timed out'],
  [EXIT.tls, 'TLS: a certificate is not accepted, or the server speaks no TLS'],
  [EXIT.authentication, 'authentication: status 401 or 407'],
  [EXIT.protocol, 'protocol: what came is not HTTP/1.1, not supported, too large, or not what it should be'],
  [EXIT.missing, 'some documents are missing: the server has answered with another status than 2xx'],
  [EXIT.hangup, 'the terminal has gone (SIGHUP)'],
  [EXIT.interrupted, 'interrupted (SIGINT)'],
  [EXIT.brokenPipe, 'the reader of standard output has gone'],
  [EXIT.terminated, 'ended (SIGTERM)'],
];
