/**
 * The flags about what is asked for, where it goes, and how a list is worked through.
 */

import { type FlagGroup, flagGroup } from './flag.ts';

export const OUTPUT_FLAGS: FlagGroup = flagGroup(
  'Output',
  ['get'],
  [
    ['-o, --output FILE', 'write the document to FILE, - for standard output; once for each URL', { kind: 'files' }],
    [
      '-O, --remote-name',
      'write each document to a file in the current folder, named by its URL; -P names another folder',
      { excludes: ['output'] },
    ],
    [
      '-J, --remote-header-name',
      'with -O and -P: name each file as its Content-Disposition suggests; without one, by its URL',
      { rare: true, excludes: ['output', 'skip-existing', 'continue'] },
    ],
    ['-P, --directory FOLDER', 'write each document to a file in FOLDER, which is made if need be', { kind: 'folder' }],
    [
      '--skip-existing',
      'ask for no document whose file is there, with the size= of its line if that has one',
      { excludes: ['overwrite'] },
    ],
    ['--overwrite', 'replace files that are there; put: what the server has', { of: ['get', 'put'] }],
    [
      '-C, --continue',
      'go on with partial files: Range with If-Range; whole files are left as they are',
      { excludes: ['overwrite', 'include', 'compressed'] },
    ],
    ['-R, --remote-time', "give files the server's Last-Modified as their time", { rare: true }],
    ['-i, --include', 'write the heads of the responses, too'],
    [
      '-I, --head',
      'ask for the heads only (method HEAD) and write them',
      { excludes: ['data', 'data-binary', 'json'] },
    ],
    ['--compressed', 'ask for compressed bodies, and write them decompressed'],
    ['-f, --fail', 'without effect, for habits of curl: what has no status 2xx is missing, always', { rare: true }],
    [
      '-w, --write-out FORMAT',
      "print this on standard output after each document: curl's variables, as %{http_code}; @FILE: the text of FILE",
      { rare: true },
    ],
  ],
);

export const REQUEST_FLAGS: FlagGroup = flagGroup(
  'Request',
  ['get', 'check', 'put'],
  [
    [
      '-H, --header FIELD',
      'send this field, "Name: value"; "Name:" sends none, "Name;" an empty one; @FILE: a line each',
      { kind: 'list' },
    ],
    ['-X, --request METHOD', 'the method (GET; POST with -d and --json)', { of: ['get'] }],
    [
      '-d, --data TEXT',
      'send this body, as a form; @FILE sends a file without its line breaks, @- standard input; several are joined with &',
      { kind: 'list', of: ['get'] },
    ],
    [
      '--data-binary TEXT',
      'as -d, but files are sent as they are',
      { kind: 'list', of: ['get'], excludes: ['data'], rare: true },
    ],
    [
      '--json TEXT',
      'as --data-binary, but as application/json, which is asked for, too',
      { kind: 'list', of: ['get'], excludes: ['data', 'data-binary'] },
    ],
    ['-u, --user NAME:PASSWORD', 'Basic credentials for the servers of the URLs'],
    ['-n, --netrc', 'take credentials from ~/.netrc', { rare: true }],
    ['-A, --user-agent NAME', 'the User-Agent; empty: none'],
    ['-e, --referer URL', 'the Referer', { rare: true }],
    [
      '-b, --cookie DATA',
      'send these cookies, "name=value; ..."; without =, the name of a cookie file',
      { kind: 'list', rare: true },
    ],
    [
      '-c, --cookie-jar FILE',
      'keep and send the cookies that servers set, and write them to FILE at the end (-: standard output)',
      { kind: 'file', rare: true },
    ],
    ['-L, --location', 'follow redirects; credentials do not go to another origin (check follows always)'],
    ['--max-redirs COUNT', 'most redirects of a document (20)', { kind: 'count', rare: true }],
  ],
);

export const RUN_FLAGS: FlagGroup = flagGroup(
  'Lists, pace and retries',
  ['get', 'check', 'put'],
  [
    [
      '--input FILE',
      'take URLs from FILE too, - for standard input, which is read to its end first; may be repeated: see "Lists"',
      { kind: 'files' },
    ],
    ['--allow-empty', 'a list without URLs is no error', { rare: true }],
    [
      '--shard I/N',
      'do the I-th of N parts of the list only; all URLs of a server are in one part',
      { of: ['get', 'check'], rare: true },
    ],
    ['-j, --connections COUNT', 'most connections to a server (2)', { kind: 'positive' }],
    [
      '--pipeline DEPTH',
      'most requests in flight on a connection (32); 1: none is sent ahead',
      { kind: 'positive', of: ['get', 'check'] },
    ],
    [
      '--limit-rate RATE',
      'most bytes a second, all bodies together: 500k, 2m',
      // Bodies that are sent have no limit.
      { kind: 'size', of: ['get', 'check'] },
    ],
    ['--max-filesize SIZE', 'refuse larger documents: 500k, 2m, 1g', { kind: 'size', of: ['get'] }],
    ['--retry COUNT', 'most further attempts after a failure that can pass (4)', { kind: 'count' }],
    [
      '--retry-max-time SECONDS',
      'begin no attempt of a document later than that after its first',
      { kind: 'seconds', rare: true },
    ],
    [
      '-m, --max-time SECONDS',
      'most time for a response to begin (300), and for its body; no further attempt begins after it',
      { kind: 'seconds' },
    ],
    ['--fail-early', 'stop at the first document that is missing or fails'],
    ['--allow-blocked', 'links that only refuse programs (403, 429, 503, 999) are no failure', { of: ['check'] }],
  ],
);
