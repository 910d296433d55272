/** Numbers of the system, as the addon returns them: errno values negated, and the bits of poll(2). */

import { constants } from 'node:os';

const { errno } = constants;

export const EAGAIN: number = -errno.EAGAIN;
export const EALREADY: number = -errno.EALREADY;
export const EBADF: number = -errno.EBADF;
export const ECONNABORTED: number = -errno.ECONNABORTED;
export const ECONNREFUSED: number = -errno.ECONNREFUSED;
export const ECONNRESET: number = -errno.ECONNRESET;
export const EEXIST: number = -errno.EEXIST;
export const EHOSTUNREACH: number = -errno.EHOSTUNREACH;
export const EINPROGRESS: number = -errno.EINPROGRESS;
export const EINTR: number = -errno.EINTR;
export const EINVAL: number = -errno.EINVAL;
export const EISCONN: number = -errno.EISCONN;
export const ELOOP: number = -errno.ELOOP;
export const EMFILE: number = -errno.EMFILE;
export const ENETUNREACH: number = -errno.ENETUNREACH;
export const ENOBUFS: number = -errno.ENOBUFS;
export const ENODEV: number = -errno.ENODEV;
export const ENOENT: number = -errno.ENOENT;
export const ENOTCONN: number = -errno.ENOTCONN;
export const ENOTSOCK: number = -errno.ENOTSOCK;
export const EPERM: number = -errno.EPERM;
export const EPIPE: number = -errno.EPIPE;
export const ETIMEDOUT: number = -errno.ETIMEDOUT;

export const POLLIN = 1;
export const POLLOUT = 4;
export const POLLERR = 8;
export const POLLHUP = 16;
export const POLLNVAL = 32;
