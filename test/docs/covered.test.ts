import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import ts from 'typescript';
import { repository } from '../support/compiled.ts';

interface Cover {
  /** The test file. */
  readonly by: string;
  /** Why it does not import the module: what it is reached through. */
  readonly through?: string;
}

const PAGE = 'the page, in a browser';

/** Modules that have no test file of their own name. */
const ELSEWHERE: Readonly<Record<string, Cover>> = {
  'cli/advice': { by: 'cli/verdict' },
  'cli/check': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/connection-flags': { by: 'cli/flags', through: 'the tables of flags, of which it is one' },
  'cli/decoding-sink': { by: 'cli/compressed', through: 'the command, which is run as a process' },
  'cli/demo': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/demo-answers': { by: 'docs/code-blocks', through: 'the server, whose answers the examples print' },
  'cli/demo-server': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/demo-ways': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/exit-codes': { by: 'cli/help' },
  'cli/flag': { by: 'cli/flags' },
  'cli/get': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/head-sink': { by: 'cli/ordered-output' },
  'cli/head-text': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/interruption': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/item': { by: 'cli/wording' },
  'cli/lines': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/main': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/manual': { by: 'cli/help', through: 'the help, whose texts it has' },
  'cli/page/axis': { by: 'integration/waterfall', through: PAGE },
  'cli/page/chart': { by: 'integration/waterfall', through: PAGE },
  'cli/page/controls': { by: 'integration/waterfall', through: PAGE },
  'cli/page/details': { by: 'integration/waterfall', through: PAGE },
  'cli/page/drawing': { by: 'integration/waterfall', through: PAGE },
  'cli/page/format': { by: 'cli/page-format' },
  'cli/page/layout': { by: 'integration/waterfall', through: PAGE },
  'cli/page/main': { by: 'integration/waterfall', through: PAGE },
  'cli/page/model': { by: 'integration/waterfall', through: PAGE },
  'cli/page/svg': { by: 'integration/waterfall', through: PAGE },
  'cli/page/table': { by: 'integration/waterfall', through: PAGE },
  'cli/page/view': { by: 'integration/waterfall', through: PAGE },
  'cli/print': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/put': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/read-list': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/recordings': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/report-flags': { by: 'cli/flags', through: 'the tables of flags, of which it is one' },
  'cli/reporter': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/run': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/texts': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/totals': { by: 'cli/wording' },
  'cli/transfer-flags': { by: 'cli/flags', through: 'the tables of flags, of which it is one' },
  'cli/transfer-options': { by: 'cli/routing' },
  'cli/usage-error': { by: 'cli/values' },
  'cli/version': { by: 'cli/command', through: 'the command, which is run as a process' },
  'cli/write-man-page': { by: 'cli/man-page', through: 'the man page, which it writes to a file' },
  'bulk/attempt': { by: 'bulk/decisions' },
  'bulk/host': { by: 'bulk/decisions' },
  'bulk/line': { by: 'bulk/odd-servers', through: 'Transfer, whose connections these are' },
  'bulk/provisional': { by: 'bulk/decisions' },
  'bulk/rate-limit': { by: 'bulk/decisions' },
  'bulk/receiver': { by: 'bulk/odd-servers', through: 'Transfer, whose connections receive with it' },
  'bulk/retry': { by: 'bulk/decisions' },
  'bulk/run': { by: 'bulk/transfer', through: 'Transfer, whose run it is' },
  'bulk/transfer-options': { by: 'bulk/transfer', through: 'Transfer, which checks options and jobs with it' },
  'bulk/verification': { by: 'bulk/decisions' },
  'client/asking': { by: 'client/pipeline', through: 'HTTPConnection: the requests of its pipelines' },
  'client/blocked-wait': { by: 'client/receive-pace' },
  'client/connection-promises': { by: 'client/surface', through: 'HTTPConnection: the same operations in three forms' },
  'client/connection-view': { by: 'inspection', through: 'console.log of a connection' },
  'client/dial-steps': {
    by: 'client/reaching',
    through: 'HTTPConnection: each step needs a resolver, a server or a proxy',
  },
  'client/http-connection': { by: 'client/surface', through: 'the entry of the package, which exports it' },
  'client/lane-connection': { by: 'client/pipeline', through: 'HTTPConnection, whose pipelines use it' },
  'client/lane': { by: 'client/pipeline', through: 'HTTPConnection, whose pipelines it runs' },
  'client/message-trace': { by: 'client/wire-trace', through: 'the trace, which a program writes' },
  'client/operations': { by: 'client/named-errors', through: 'HTTPConnection, whose methods are one line each' },
  'client/patience': { by: 'client/pipeline', through: 'HTTPConnection: the pipelines, whose waits it bounds' },
  'client/pipeline-functions': { by: 'client/pipeline', through: 'the entry of the package, which exports them' },
  'client/pipeline-source': {
    by: 'client/pipeline',
    through: 'HTTPConnection: where its pipelines take requests from',
  },
  'client/wire': { by: 'client/session-interleavings', through: 'Session, of which it is a part' },
  clock: { by: 'schedule/frozen-clock' },
  'fetch/co-fetch': { by: 'fetch/redirects' },
  'fetch/connection-pool': { by: 'fetch/create-fetch-connections', through: 'createFetch, whose connections it holds' },
  'fetch/whole-fetch': { by: 'fetch/fetch-sync', through: 'fetchSync, whose loop it is' },
  'http1/connection-state': { by: 'http1/protocol', through: 'ClientProtocol, of which it is a part' },
  'http1/receive-half': { by: 'http1/protocol', through: 'ClientProtocol, of which it is a part' },
  'http1/send-half': { by: 'http1/protocol', through: 'ClientProtocol, of which it is a part' },
  'http1/transitions': { by: 'http1/protocol', through: 'ClientProtocol, which goes by these tables' },
  'io/builtin': { by: 'io/tls-options', through: 'TLS options: it has a getter for each module of Node' },
  'io/tls-context': { by: 'io/tls-options' },
  'io/tls-trust': { by: 'io/tls-files', through: 'a program for each file: a process reads them once' },
  'sync/sync-fetch-body': { by: 'sync/sync-fetch', through: 'its classes, compared with those of the package' },
  'sync/sync-fetch-headers': { by: 'sync/sync-fetch', through: 'its classes, compared with those of the package' },
  'sync/sync-fetch-messages': { by: 'sync/sync-fetch', through: 'its classes, compared with those of the package' },
};

/** The paths of the files of a folder that end so, without that end. */
function filesOf(folder: string, end: string): string[] {
  const files = readdirSync(join(repository, folder), { recursive: true, encoding: 'utf8' });
  return files.filter((path) => path.endsWith(end)).map((path) => path.slice(0, -end.length));
}

function read(path: string): string {
  return readFileSync(join(repository, path), 'utf8');
}

/** Whether the module has something to run: more than types and what other modules export. */
function runs(module: string): boolean {
  const { statements } = ts.createSourceFile('module.ts', read(`src/${module}.ts`), ts.ScriptTarget.Latest);
  return !statements.every(
    (each) =>
      ts.isImportDeclaration(each) ||
      ts.isInterfaceDeclaration(each) ||
      ts.isTypeAliasDeclaration(each) ||
      (ts.isExportDeclaration(each) && each.moduleSpecifier !== undefined),
  );
}

const modules = filesOf('src', '.ts');
const tests = filesOf('test', '.test.ts');

/** The module that a test file is named after: of several, as tls and tls-options, the longest. */
function namesake(testFile: string): string | undefined {
  const named = modules.filter((module) => testFile === module || testFile.startsWith(`${module}-`));
  return named.sort((one, other) => other.length - one.length).at(0);
}

const namesakes = new Set(tests.map(namesake));

function imports(testFile: string, module: string): boolean {
  const up = dirname(testFile) === '.' ? '..' : '../..';
  return read(`test/${testFile}.test.ts`).includes(` from '${up}/src/${module}.ts'`);
}

describe('CONTRIBUTING.md is right that', () => {
  test('each module of src has a test file of its name, or is in the table of those that have not', () => {
    const uncovered = modules.filter((each) => runs(each) && !namesakes.has(each) && !(each in ELSEWHERE));
    assert.deepEqual(uncovered, []);
  });

  test('the table names modules that are there and have no test file of their name', () => {
    const wrong = Object.keys(ELSEWHERE).filter((each) => !modules.includes(each) || namesakes.has(each));
    assert.deepEqual(wrong, []);
  });

  for (const [module, { by, through }] of Object.entries(ELSEWHERE)) {
    test(`${module} is tested by ${by}, ${through === undefined ? 'which imports it' : `through ${through}`}`, () => {
      assert.ok(existsSync(join(repository, 'test', `${by}.test.ts`)));
      assert.equal(imports(by, module), through === undefined);
    });
  }
});
