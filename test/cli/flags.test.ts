import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { COMMANDS, spellingOf } from '../../src/cli/flag.ts';
import { FLAG_GROUPS, FLAGS, flagsOf, RETIRED } from '../../src/cli/flags.ts';

/** All that the command line has to have, by the letters and names of curl, wget and aria2. */
const PROMISED = `-o -O -P --directory -j --connections --pipeline -H -X -d --data --json -u -A -e -b --cookie -c --cookie-jar
  -n --netrc -f -R --remote-time --max-filesize -L --max-redirs --retry --retry-max-time --connect-timeout -m --limit-rate
  -C --continue --skip-existing --overwrite --cacert -k --cert --key -x --noproxy -4 -6 --resolve --unix-socket --compressed
  -I -i --include -w --jsonl --failed --summary --har --waterfall -v -q -s --color --progress --fail-early -K --shard --input`;

describe('the flags', () => {
  test('are all that are promised', () => {
    const known = new Set(FLAGS.flatMap(({ short, long }) => [`-${short}`, `--${long}`]));
    assert.deepEqual(
      PROMISED.split(/\s+/).filter((each) => !known.has(each)),
      [],
    );
  });

  test('have one meaning each, and an explanation', () => {
    const spellings = FLAGS.flatMap(({ short, long }) => (short === undefined ? [long] : [short, long]));
    assert.deepEqual([...new Set(spellings)], spellings);
    for (const { long, help, of } of FLAGS) assert.ok(long !== '' && help !== '' && of.length > 0, long);
  });

  test('exclude only flags that are there', () => {
    const longs = new Set(FLAGS.map(({ long }) => long));
    assert.deepEqual(
      FLAGS.flatMap(({ excludes }) => excludes).filter((each) => !longs.has(each)),
      [],
    );
  });

  test('that are no more are not there', () => {
    assert.ok(FLAGS.every((flag) => !RETIRED.has(`--${flag.long}`)));
  });

  test('are in groups, and each command has its own', () => {
    assert.equal(FLAG_GROUPS.flatMap(({ flags }) => flags).length, FLAGS.length);
    for (const command of COMMANDS) assert.ok(flagsOf(command).length >= 2, command);
    assert.ok(!flagsOf('put').some(({ long }) => long === 'output'));
  });

  test('are written with dashes', () => {
    assert.equal(spellingOf({ short: 'o', long: 'output' }), '-o, --output');
    assert.equal(spellingOf({ short: undefined, long: 'retry' }), '--retry');
  });
});
