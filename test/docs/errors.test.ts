import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import * as dugong from '../../src/index.ts';
import {
  ConnectionClosed,
  ConnectionTimedOut,
  DNSUnavailable,
  DugongError,
  ExcessBodyData,
  HostnameNotResolvable,
  Interrupted,
  InvalidResponse,
  isTempNetworkError,
  MissingBodyData,
  ProxyError,
  StateError,
  SystemError,
  TLSError,
  UnsupportedResponse,
  WrongDocument,
} from '../../src/index.ts';
import { repository } from '../support/compiled.ts';

const page = readFileSync(join(repository, 'docs/errors.md'), 'utf8');

/** A code of the table with the rest of its row. */
interface Row {
  readonly code: string;
  readonly className: string;
  readonly temporary: string;
}

const rows: readonly Row[] = page
  .split('\n')
  .filter((line) => /^\| `[A-Z]/.test(line))
  .flatMap((line) => {
    const [codes = '', className = '', , temporary = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    return quotedIn(codes).map((code) => ({ code, className: className.replaceAll('`', ''), temporary }));
  });

function quotedIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => quoted);
}

/** The text of all files below a folder whose names end so. */
function sources(folder: string, ending: string): string {
  const path = join(repository, folder);
  const files = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith(ending));
  return files.map((name) => readFileSync(join(path, name), 'utf8')).join('\n');
}

/** What `pattern` captures there, each once. */
function captured(text: string, pattern: RegExp): string[] {
  return [...new Set([...text.matchAll(pattern)].map(([, name = '']) => name))];
}

const library = sources('src', '.ts');
const addon = sources('native', '.cc');
/** Names of environment variables are no codes. */
const variables = new Set(captured(library, /\b(?:process\.env|environment)(?:, |\[)'(DUGONG_\w+)'/g));
const own = captured(library, /'(DUGONG_[A-Z_]+)'/g).filter((name) => !variables.has(name));

function assertListed(codes: readonly string[]): void {
  assert.deepEqual(
    codes.filter((code) => !rows.some((row) => row.code === code)),
    [],
  );
}

/** Makes an error of each class that the table names, as far as isTempNetworkError looks. */
const MAKERS = new Map<string, (code: string) => Error>([
  ['Error', (code) => Object.assign(new Error('x'), { code })],
  ['TypeError', (code) => Object.assign(new TypeError('x'), { code })],
  ['DugongError', (code) => new DugongError(code, 'x')],
  ['SystemError', (code) => new SystemError(code, { errno: -1, syscall: 'connect' })],
  ['TLSError', (code) => new TLSError(code, 'x', { reason: 'x' })],
  ['ConnectionClosed', () => new ConnectionClosed('x', { phase: 'receive' })],
  ['ConnectionTimedOut', () => new ConnectionTimedOut(1, 'receive')],
  ['Interrupted', () => new Interrupted(['SIGINT'])],
  ['HostnameNotResolvable', () => new HostnameNotResolvable('server.example')],
  ['DNSUnavailable', () => new DNSUnavailable('server.example')],
  ['StateError', () => new StateError('x')],
  ['ExcessBodyData', () => new ExcessBodyData('x')],
  ['MissingBodyData', () => new MissingBodyData('x')],
  ['InvalidResponse', () => new InvalidResponse('x')],
  ['UnsupportedResponse', () => new UnsupportedResponse('x')],
  ['ProxyError', () => new ProxyError('x')],
  ['WrongDocument', () => new WrongDocument('x')],
]);

function errorOf({ code, className }: Row): Error {
  const make = MAKERS.get(className);
  assert.ok(make, className);
  return make(code);
}

describe('docs/errors.md is right', () => {
  test('that it lists every code of this library, and no other', () => {
    assert.ok(own.length > 15, `${own.length} codes`);
    const listed = rows.map(({ code }) => code).filter((code) => code.startsWith('DUGONG_'));
    assert.deepEqual(listed.sort(), [...own].sort());
  });

  test('that it lists every code of TLS that the sources name', () => {
    const named = captured(library, /'(ERR_(?:TLS|SSL|OSSL)_[A-Z0-9_/]+)'/g);
    const verification = captured(library, /^ {2}\[\d+, '([A-Z_]+)'\],$/gm);
    assert.ok(named.length > 10 && verification.length > 20, `${named.length}, ${verification.length}`);
    assertListed([...named, ...verification]);
  });

  test("that it lists the addon's own reasons for a failure of TLS, and no others", () => {
    const reasons = captured(addon, /\b(?:refusal_|problem_|error\.reason) = "([^"]+)"/g);
    const codes = reasons.map((reason) => `ERR_TLS_${reason.toUpperCase().replaceAll(' ', '_')}`);
    const listed = rows.map(({ code }) => code).filter((code) => code.startsWith('ERR_TLS_'));
    assert.deepEqual(listed.sort(), [...codes, 'ERR_TLS_CERT_ALTNAME_INVALID'].sort());
  });

  test('that it lists the codes of fetch, and the codes of the system that are temporary', () => {
    const words = captured(library, /code: '(E[A-Z_]+)', errno/g);
    const [, temporary = ''] = /TEMPORARY_CODES.*?new Set\(\[(.*?)\]/s.exec(library) ?? [];
    const codes = captured(temporary, /'(\w+)'/g);
    assert.ok(words.length === 2 && codes.length > 15, `${words}, ${codes}`);
    assertListed([...words, ...codes]);
  });

  test('that it names every exported class of errors', () => {
    const classes: string[] = Object.entries(dugong)
      .filter(([, each]) => typeof each === 'function' && each.prototype instanceof DugongError)
      .map(([name]) => name);
    assert.ok(classes.length > 12, `${classes.length} classes`);
    const named = new Set(rows.map(({ className }) => className));
    assert.deepEqual(
      classes.filter((name) => !named.has(name)),
      [],
    );
  });

  for (const row of rows) {
    const { code, className, temporary } = row;
    test(`that ${code} of ${className} is ${temporary === 'yes' ? '' : 'not '}temporary`, () => {
      assert.equal(isTempNetworkError(errorOf(row)) ? 'yes' : 'no', temporary);
    });
    if (!code.startsWith('DUGONG_') || !(className in dugong)) continue;
    test(`that ${className} has the code ${code}`, () => {
      assert.equal((errorOf(row) as DugongError).code, code);
    });
  }

  test('of ENOTFOUND, EAI_AGAIN and the class that each of them has', () => {
    const words = rows.filter(({ code }) => code === 'ENOTFOUND' || code === 'EAI_AGAIN');
    assert.deepEqual(
      words.map(({ code, className }) => `${code} ${className}`),
      ['ENOTFOUND HostnameNotResolvable', 'ENOTFOUND DNSUnavailable', 'EAI_AGAIN DNSUnavailable'],
    );
  });
});
