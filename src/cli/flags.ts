/**
 * All flags, in the order of the help.
 */

import { CONNECTION_FLAGS, TLS_FLAGS } from './connection-flags.ts';
import type { CommandName, Flag, FlagGroup } from './flag.ts';
import { GENERAL_FLAGS, REPORT_FLAGS } from './report-flags.ts';
import { OUTPUT_FLAGS, REQUEST_FLAGS, RUN_FLAGS } from './transfer-flags.ts';

/** The flags by their headings. */
export const FLAG_GROUPS: readonly FlagGroup[] = [
  OUTPUT_FLAGS,
  REQUEST_FLAGS,
  RUN_FLAGS,
  CONNECTION_FLAGS,
  TLS_FLAGS,
  REPORT_FLAGS,
  GENERAL_FLAGS,
];

/** All flags. */
export const FLAGS: readonly Flag[] = FLAG_GROUPS.flatMap(({ flags }) => flags);

/** The flags of a command. */
export function flagsOf(command: CommandName): Flag[] {
  return FLAGS.filter(({ of }) => of.includes(command));
}

/** A spelling that is no longer known, or comes from another program, with what to give in its place. */
export const RETIRED: ReadonlyMap<string, string> = new Map([
  ['--output-dir', '-P FOLDER (--directory)'],
  ['--timeout', '-m SECONDS (--max-time) for the whole transfer, or --connect-timeout SECONDS'],
  ['--no-proxy', "--noproxy '*'"],
  ['--create-dirs', '-P FOLDER, which makes the folder'],
  ['--directory-prefix', '-P FOLDER (--directory)'],
  ['--input-file', '--input FILE'],
  ['--parallel', '-j CONNECTIONS (--connections)'],
  ['--parallel-max', '-j CONNECTIONS (--connections)'],
  ['--post-data', '-d TEXT (--data)'],
  ['--upload-file', 'dugong put FILE URL'],
  ['-T', 'dugong put FILE URL'],
  ['--range', '-H "Range: bytes=FIRST-LAST"'],
  ['-r', '-H "Range: bytes=FIRST-LAST"'],
  ['--get', 'the data in the URL, behind a question mark'],
  ['-G', 'the data in the URL, behind a question mark'],
  ['--no-clobber', '--skip-existing'],
  ['--no-check-certificate', '-k (--insecure)'],
  ['--oauth2-bearer', '-H "Authorization: Bearer ..."'],
]);
