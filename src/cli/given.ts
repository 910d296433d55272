/**
 * What was given on the command line and in configuration files: the flags' values, read but not yet put together.
 */

import type { ConfiguredFlag } from './config-file.ts';
import type { CommandName } from './flag.ts';

/** The flags that were given. Times are milliseconds, sizes bytes. Names are the long ones in camel case. */
export interface Given {
  readonly output?: readonly string[];
  readonly remoteName?: true;
  readonly remoteHeaderName?: true;
  readonly directory?: string;
  readonly skipExisting?: true;
  readonly overwrite?: true;
  readonly continue?: true;
  readonly remoteTime?: true;
  readonly include?: true;
  readonly head?: true;
  readonly compressed?: true;
  readonly fail?: true;
  readonly writeOut?: string;
  readonly header?: readonly string[];
  readonly request?: string;
  readonly data?: readonly string[];
  readonly dataBinary?: readonly string[];
  readonly json?: readonly string[];
  readonly user?: string;
  readonly netrc?: true;
  readonly userAgent?: string;
  readonly referer?: string;
  readonly cookie?: readonly string[];
  readonly cookieJar?: string;
  readonly location?: true;
  readonly maxRedirs?: number;
  readonly input?: readonly string[];
  readonly allowEmpty?: true;
  readonly shard?: string;
  readonly connections?: number;
  readonly pipeline?: number;
  readonly limitRate?: number;
  readonly maxFilesize?: number;
  readonly retry?: number;
  readonly retryMaxTime?: number;
  readonly maxTime?: number;
  readonly failEarly?: true;
  readonly allowBlocked?: true;
  readonly connectTimeout?: number;
  readonly proxy?: string;
  readonly noproxy?: string;
  readonly resolve?: readonly string[];
  readonly unixSocket?: string;
  readonly ipv4?: true;
  readonly ipv6?: true;
  readonly cacert?: string;
  readonly insecure?: true;
  readonly cert?: string;
  readonly key?: string;
  readonly jsonl?: true;
  readonly failed?: string;
  readonly summary?: string;
  readonly har?: string;
  readonly waterfall?: string;
  readonly progress?: 'auto' | 'bar' | 'plain' | 'none';
  readonly color?: 'auto' | 'always' | 'never';
  readonly verbose?: true;
  readonly quiet?: true;
  readonly silent?: true;
  readonly showError?: true;
  readonly config?: readonly string[];
  readonly disableConfig?: true;
  readonly serve?: true;
  readonly port?: number;
  readonly documents?: number;
  readonly help?: true;
  readonly version?: true;
}

/** A command line. */
export interface CommandLine {
  readonly command: CommandName;
  readonly given: Given;
  /** What is no flag: URLs, files. */
  readonly operands: readonly string[];
  /** The flags that only configuration files give. */
  readonly configured: readonly ConfiguredFlag[];
}
