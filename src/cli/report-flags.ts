/**
 * The flags about what is reported, and those of all commands.
 */

import { COMMANDS, type FlagGroup, flagGroup } from './flag.ts';

export const REPORT_FLAGS: FlagGroup = flagGroup(
  'Reports',
  ['get', 'check', 'put'],
  [
    ['--jsonl', 'print a line of JSON for each document on standard output', { excludes: ['write-out'] }],
    [
      '--failed FILE',
      'write what is missing or has failed to FILE (-: standard output), which --input takes',
      { kind: 'file' },
    ],
    ['--summary FILE', 'write the totals to FILE (-: standard output), as JSON', { kind: 'file' }],
    ['--har FILE', 'write all requests and their times to FILE (HAR 1.2)', { kind: 'file', rare: true }],
    ['--waterfall FILE', 'write a picture of all requests and connections (HTML)', { kind: 'file', rare: true }],
    [
      '--progress HOW',
      'bar (drawn again and again), plain (a line every 10 s), none, or auto: bar on a terminal, plain elsewhere',
      { kind: 'choice', choices: ['auto', 'bar', 'plain', 'none'] },
    ],
    [
      '--color WHEN',
      'auto (on a terminal), always or never',
      { kind: 'choice', choices: ['auto', 'always', 'never'], rare: true },
    ],
    ['-v, --verbose', 'tell of connections and heads on standard error; secrets are hidden'],
    ['-q, --quiet', 'no progress and no totals'],
    ['-s, --silent', 'nothing at all on standard error'],
    ['-S, --show-error', 'with -s: messages nevertheless, but no progress and no totals', { rare: true }],
  ],
);

export const GENERAL_FLAGS: FlagGroup = flagGroup('General', COMMANDS, [
  [
    '-K, --config FILE',
    'take flags from FILE (-: standard input), after those of ~/.dugongrc; --no-NAME switches one without a value off',
    { kind: 'files', of: ['get', 'check', 'put'] },
  ],
  ['--disable-config', 'leave ~/.dugongrc alone', { of: ['get', 'check', 'put'], rare: true }],
  ['--serve', "demo: keep the demo's server, until Ctrl-C", { of: ['demo'] }],
  ['--port PORT', "demo: the port of the demo's server (8080; 0: a free one)", { kind: 'count', of: ['demo'] }],
  ['--documents COUNT', 'demo: how many documents there are (3000)', { kind: 'positive', of: ['demo'] }],
  ['-h, --help', 'show the help; --help all: with every flag'],
  ['-V, --version', 'show the version'],
]);
