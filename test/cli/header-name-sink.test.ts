import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HeaderNameSink } from '../../src/cli/header-name-sink.ts';
import { Interruption } from '../../src/cli/interruption.ts';
import { parse } from '../../src/cli/parse.ts';
import type { TransferSink } from '../../src/index.ts';
import { CommandHost } from '../support/command-host.ts';
import { responseWith } from '../support/http-response.ts';
import { ok, response } from '../support/messages.ts';
import { expectHead, send, startScriptedServer } from '../support/scripted-server.ts';
import { namesIn, temporaryFolder } from '../support/temporary-folder.ts';

const job = { url: 'http://h/a' };

function suggesting(...values: string[]): ReturnType<typeof responseWith> {
  return responseWith({ status: 200, headers: { 'Content-Disposition': values } });
}

describe('a sink whose file the response names', () => {
  test('is made for the suggestion, and again only for another one', () => {
    const calls: string[] = [];
    const sinkFor = (name: string | undefined): TransferSink => ({
      begin: () => void calls.push(`begin ${name}`),
      write: (bytes) => void calls.push(`write ${bytes.length}`),
      commit: () => void calls.push('commit'),
      abandon: () => void calls.push(`abandon ${name}`),
    });
    const sink = new HeaderNameSink((name) => {
      calls.push(`make ${name}`);
      return sinkFor(name);
    });
    sink.abandon();
    for (const each of [suggesting('a; filename=x'), suggesting('a; filename=x', 'a; filename=y'), suggesting()]) {
      sink.begin(each, job);
    }
    sink.write(Buffer.from('abc'));
    sink.commit();
    assert.deepEqual(calls, [
      ...['make x', 'begin x', 'begin x', 'abandon x', 'make undefined', 'begin undefined'],
      ...['write 3', 'commit'],
    ]);
  });
});

/** The answer with that field, and the number as its body. */
function answer(number: number, disposition: string | undefined): ReturnType<typeof send> {
  if (disposition === undefined) return send(ok(String(number)));
  return send(response('200 OK', [`Content-Disposition: ${disposition}`, 'Content-Length: 1'], String(number)));
}

describe('dugong -J', () => {
  let host: CommandHost;
  before(() => {
    host = new CommandHost();
  });
  after(() => host.stop());

  test('gives each file a name of its own, in the folder, and tells it', async (context) => {
    const folder = temporaryFolder(context);
    const out = join(folder, 'out');
    const suggestions = [
      ...['attachment; filename="report.csv"', 'attachment; filename="../../report.csv"', undefined],
      ...['attachment; filename=later', 'attachment; filename=mine', 'attachment; filename=none'],
    ];
    using server = startScriptedServer([suggestions.flatMap((each, index) => [expectHead(), answer(index, each)])]);
    const paths = ['/0', '/1', '/2', '/3', '/later', '/5\tout=mine'];
    const list = join(folder, 'list');
    writeFileSync(list, paths.map((path) => `http://${server.authority}${path}\n`).join(''));
    const { status, stdout, stderr } = await host.run(['-J', '-j', '1', '--jsonl', '-P', out, '--input', list]);
    assert.deepEqual([status, stderr], [0, '']);
    const files = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { file: string }).file);
    const names = ['report.csv', 'report-2.csv', '2', 'later-2', 'mine-2', 'mine'];
    assert.deepEqual(
      files,
      names.map((name) => join(out, name)),
    );
    assert.deepEqual(
      names.map((name) => readFileSync(join(out, name), 'utf8')),
      ['0', '1', '2', '3', '4', '5'],
    );
    assert.deepEqual(namesIn(out), names.sort());
    assert.deepEqual(namesIn(folder), ['list', 'out']);
  });

  test('replaces no file unless told so', async (context) => {
    const folder = temporaryFolder(context);
    const one = [expectHead(), answer(1, 'attachment; filename=precious')];
    using server = startScriptedServer([one, one]);
    const args = ['-J', '-P', folder, `http://${server.authority}/a`];
    writeFileSync(join(folder, 'precious'), 'mine');
    const refused = await host.run(args);
    assert.match(refused.stderr, /precious: file already exists\n/);
    assert.deepEqual([refused.status, readFileSync(join(folder, 'precious'), 'utf8')], [3, 'mine']);
    assert.equal((await host.run(['--overwrite', ...args])).status, 0);
    assert.deepEqual([namesIn(folder), readFileSync(join(folder, 'precious'), 'utf8')], [['precious'], '1']);
  });

  test('is refused where the name must be known before the response', async () => {
    const { status, stderr } = await host.run(['-J', 'http://localhost:1/']);
    assert.match(stderr, /-J is about names of files: -P or -O says where they go/);
    assert.equal(status, 2);
    using interruption = new Interruption();
    for (const other of [['-o', 'a'], ['-C'], ['--skip-existing']]) {
      const line = ['--disable-config', '-J', '-P', 'out', ...other, 'http://localhost:1/'];
      await assert.rejects(
        parse(line, interruption),
        /option '-J, --remote-header-name' cannot be used with option '-/,
      );
    }
  });
});
