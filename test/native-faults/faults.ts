/** What can become of each system call, as the manual pages have it, and what a user may see of that. */

import { constants } from 'node:os';
import type { Call, Kind } from './shim.ts';

export interface Fault {
  readonly call: Call;
  readonly name: string;
  readonly kind: Kind;
  readonly number: number;
  /** The codes of errors that may come of it. None: the right answer has to come all the same. */
  readonly codes: readonly string[];
}

type ErrnoName = keyof typeof constants.errno;

/** Codes of the errors by which calls say that the connection is gone; fetch and fetchSync have the system's word for it. */
const CLOSED = ['DUGONG_CONNECTION_CLOSED', 'ECONNRESET', 'UND_ERR_SOCKET'];

function errnos(call: Call, names: readonly ErrnoName[], codes?: readonly string[], kind: Kind = 'errno'): Fault[] {
  return names.map((name) => ({
    ...{ call, name, kind, number: constants.errno[name] },
    codes: codes ?? [name],
  }));
}

function values(call: Call, list: Readonly<Record<string, number>>, codes?: readonly string[]): Fault[] {
  return Object.entries(list).map(([name, number]) => ({
    ...{ call, name, kind: 'value' as const, number },
    codes: codes ?? [name],
  }));
}

/** No user sees anything of these. */
function harmless(call: Call, ...names: ErrnoName[]): Fault[] {
  return errnos(call, names, []);
}

function oneByte(call: Call): Fault {
  return { call, name: 'one byte', kind: 'short', number: 0, codes: [] };
}

const { errno } = constants;

/** Of getaddrinfo(3) on Linux, which Node does not name; with the error that each becomes. */
const EAI = { EAI_AGAIN: -3, EAI_FAIL: -4, EAI_NONAME: -2, EAI_NODATA: -5 };
const NAMES = ['DUGONG_DNS_UNAVAILABLE', 'DUGONG_HOSTNAME_NOT_RESOLVABLE', 'EAI_AGAIN', 'ENOTFOUND'];

const LOST: readonly ErrnoName[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH'];

export const FAULTS: readonly Fault[] = [
  ...errnos('socket', ['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'EACCES', 'EAFNOSUPPORT']),
  ...harmless('connect', 'EINPROGRESS').map((fault) => ({ ...fault, kind: 'made' as const })),
  ...harmless('connect', 'EINTR').map((fault) => ({ ...fault, kind: 'made' as const })),
  ...errnos('connect', ['ECONNREFUSED', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL', 'EACCES', 'EPERM']),
  ...errnos('bind', ['EADDRINUSE', 'EADDRNOTAVAIL', 'EACCES']),
  ...errnos('getsockopt', ['ENOBUFS']),
  ...values('getsockopt', {
    ETIMEDOUT: errno.ETIMEDOUT,
    EHOSTUNREACH: errno.EHOSTUNREACH,
    ECONNREFUSED: errno.ECONNREFUSED,
  }),
  ...errnos('setsockopt', ['ENOMEM', 'ENOPROTOOPT']),
  ...harmless('shutdown', 'ENOTCONN'),
  // The descriptor is gone, whatever close(2) says.
  ...harmless('close', 'EINTR', 'EIO').map((fault) => ({ ...fault, kind: 'made' as const })),
  ...(['send', 'sendmsg'] as const).flatMap((call) => [
    ...harmless(call, 'EAGAIN', 'EINTR'),
    oneByte(call),
    ...LOST.flatMap((name) => errnos(call, [name], [...CLOSED, name])),
    ...errnos(call, ['ENOBUFS', 'ENOMEM']),
  ]),
  ...harmless('recv', 'EAGAIN', 'EINTR'),
  oneByte('recv'),
  ...(['ECONNRESET', 'ETIMEDOUT', 'ENOMEM', 'ECONNREFUSED'] as const).flatMap((name) =>
    errnos('recv', [name], [...CLOSED, name]),
  ),
  // The addon gives it the name of the other one, since Node has none for it.
  ...errnos('recv', ['ENETRESET'], CLOSED).map((fault) => ({ ...fault, name: 'ECONNRESET' })),
  ...values('recv', { end: 0 }, CLOSED),
  ...harmless('poll', 'EINTR'),
  ...errnos('poll', ['ENOMEM']),
  ...errnos('epoll_create1', ['EMFILE', 'ENFILE', 'ENOMEM']),
  ...errnos('epoll_ctl', ['ENOMEM', 'ENOSPC', 'EPERM']),
  ...harmless('epoll_wait', 'EINTR'),
  ...errnos('pipe2', ['EMFILE', 'ENFILE']),
  // The signals that are waiting: looked at by tee(2) and read(2), and taken for granted if that fails.
  ...harmless('read', 'EINTR', 'EAGAIN'),
  ...harmless('tee', 'ENOMEM', 'EAGAIN'),
  // An answer's announcement.
  ...harmless('write', 'EINTR'),
  // The file of TLS secrets.
  ...harmless('writev', 'ENOSPC', 'EIO', 'EINTR'),
  ...harmless('open', 'EMFILE', 'EACCES'),
  ...errnos('fcntl', ['EBADF']),
  ...values('getaddrinfo', EAI, NAMES),
  ...values('getaddrinfo', { EAI_MEMORY: -10 }, ['ENOMEM']),
  ...errnos('getaddrinfo', ['EMFILE', 'ENOMEM']),
  ...values('pthread_create', { EAGAIN: errno.EAGAIN, EPERM: errno.EPERM }),
];
