/** Places where files cannot be written, and a reader of standard output that goes. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, type Document } from '../support/documents.ts';
import { assertEnded, count, namesOf, Skipped, type Stage, unfinished, urlsOf } from './stage.ts';

const isRoot = process.getuid?.() === 0;

/** Megabytes of the file system. */
const ROOM = 3;

/** A file system of its own, which only the command sees, and which is full in the midst of the run. */
export async function full(stage: Stage): Promise<string> {
  const namespace = [...(isRoot ? [] : ['--map-root-user']), '--mount', 'sh', '-c'];
  const [folder, copy] = [stage.folder(), stage.folder()];
  const mount = `mount -t tmpfs -o size=${ROOM}m none '${folder}'`;
  const trial = spawnSync('unshare', [...namespace, mount], { encoding: 'utf8' });
  if (trial.status !== 0) throw new Skipped(`no tmpfs can be mounted: ${trial.error?.message ?? trial.stderr.trim()}`);
  // What is on it goes with the process.
  const script = `${mount} && { "$@"; status=$?; cp -a '${folder}/.' '${copy}'; exit $status; }`;
  const input = stage.list(urlsOf(stage.nginx, namesOf(stage.documents)));
  const result = await stage.dugong(['--input', input, '-P', folder], {
    through: ['unshare', ...namespace, script, 'sh'],
  });
  assertEnded(result, 3);
  assert.equal(result.stderr.match(/no space left on device/g)?.length, 1, result.stderr);
  assert.match(result.stderr, /^dugong: \S+\.bin: no space left on device\n {8}make room, or name another place\n/m);
  const names = readdirSync(copy);
  for (const name of names) {
    const document = stage.documents.find((each) => each.name === name) as Document;
    assert.ok(document !== undefined && readFileSync(join(copy, name)).equals(contentOf(document)), name);
  }
  assert.ok(names.length > 100, `${names.length} files`);
  return `status 3, one message; ${count(names.length)} files of ${ROOM} MiB equal, no other file`;
}

/** A folder that refuses new files. */
export async function refused(stage: Stage): Promise<string> {
  // Without this capability the permissions bind root, too (capabilities(7)).
  const through = isRoot ? ['setpriv', '--bounding-set', '-dac_override', '--inh-caps', '-dac_override'] : [];
  const folder = stage.folder();
  chmodSync(folder, 0o555);
  const input = stage.list(urlsOf(stage.nginx, namesOf(stage.documents.slice(0, 100))));
  const result = await stage.dugong(['--input', input, '-P', folder], { through });
  assertEnded(result, 3);
  assert.match(result.stderr, /: permission denied\n {8}you may not write there: name another place\n/);
  assert.equal(result.stderr.match(/permission denied/g)?.length, 1);
  assert.deepEqual(readdirSync(folder), []);
  return 'status 3, one message';
}

/** `| head -c 100`: of documents, and of reports. */
export async function pipes(stage: Stage): Promise<string> {
  const through = ['bash', '-c', 'set -o pipefail; "$@" | head -c 100', 'bash'];
  const input = stage.list(urlsOf(stage.nginx, namesOf(stage.documents)));
  const folder = stage.folder();
  const times: string[] = [];
  for (const flags of [['get'], ['get', '-P', folder, '--jsonl'], ['check', '--jsonl']]) {
    const result = await stage.dugong([...flags, '--input', input], { through });
    assertEnded(result, 141);
    assert.equal(result.stderr, '');
    assert.equal(result.stdout.length, 100);
    times.push(`${result.seconds.toFixed(1)} s`);
  }
  assert.deepEqual(unfinished(folder), []);
  const files = readdirSync(folder).length;
  assert.ok(files < stage.documents.length, 'it went on to the end');
  return `status 141, no message, ${times.join(', ')}; ${count(files)} files beside the report`;
}
