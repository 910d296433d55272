import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { multipartBlob } from '../../src/client/multipart-blob.ts';
import { formDataOf } from '../../src/fetch/form-data.ts';

const MULTIPART = 'multipart/form-data; boundary=B';

type Entry = readonly [string, string | { readonly name: string; readonly type: string; readonly text: string }];

async function entriesOf(form: FormData): Promise<Entry[]> {
  return await Promise.all(
    [...form].map(async ([name, value]): Promise<Entry> => {
      if (typeof value === 'string') return [name, value];
      return [name, { name: value.name, type: value.type, text: await value.text() }];
    }),
  );
}

function parse(body: string, type: string | null = MULTIPART): Promise<Entry[]> {
  return entriesOf(formDataOf(Buffer.from(body), type));
}

const part = (head: string, content = 'v'): string => `--B\r\n${head}\r\n\r\n${content}\r\n`;
const named = 'Content-Disposition: form-data; name="a"';

describe('a body of type multipart/form-data [RFC 7578]', () => {
  const cases: readonly (readonly [name: string, body: string, entries: readonly Entry[]])[] = [
    ['without parts', '--B--', []],
    ['with a field', `${part(named)}--B--\r\n`, [['a', 'v']]],
    ['with text before and after', `before\r\n${part(named)}--B--\r\nafter`, [['a', 'v']]],
    ['with blanks behind a delimiter', `${part(named).replace('--B', '--B \t')}--B--`, [['a', 'v']]],
    ['with line ends in a value', `${part(named, '\r\n--\r\n')}--B--`, [['a', '\r\n--\r\n']]],
    ['with an empty value', `${part(named, '')}--B--`, [['a', '']]],
    ['with a byte order mark', `${part(named, '\ufeffv')}--B--`, [['a', '\ufeffv']]],
    ['with a name without quotes', `${part('content-disposition: Form-Data;name=a')}--B--`, [['a', 'v']]],
    ['with UTF-8 and escapes', `${part('Content-Disposition: form-data; name="ü%0d%0A%22"')}--B--`, [['ü\r\n"', 'v']]],
    [
      'with a file',
      `${part(`${named}; filename="f.x"\r\nContent-Type: text/x`)}--B--`,
      [['a', { name: 'f.x', type: 'text/x', text: 'v' }]],
    ],
    [
      'with a file without a type',
      `${part(`${named}; filename=""`)}--B--`,
      [['a', { name: '', type: 'text/plain', text: 'v' }]],
    ],
  ];
  for (const [name, body, entries] of cases) {
    test(`is a form ${name}`, async () => assert.deepEqual(await parse(body), entries));
  }

  const broken: readonly (readonly [name: string, body: string, message: RegExp])[] = [
    ['is empty', '', /cut short/],
    ['has no last delimiter', part(named), /cut short/],
    ['ends in a head', `--B\r\n${named}`, /cut short/],
    ['has other bytes behind a delimiter', `--Bx\r\n${named}\r\n\r\nv\r\n--B--`, /a delimiter of it has no end/],
    ['has a part without a head', '--B\r\n\r\nv\r\n--B--', /a part of it has no name/],
    ['has a part without a name', `${part('Content-Disposition: form-data')}--B--`, /a part of it has no name/],
    ['has a part of another disposition', `${part('Content-Disposition: inline; name="a"')}--B--`, /no name/],
    ['has a field without a colon', `${part('x')}--B--`, /a field without a name/],
  ];
  for (const [name, body, message] of broken) {
    test(`is a TypeError if it ${name}`, () => {
      assert.throws(() => formDataOf(Buffer.from(body), MULTIPART), { name: 'TypeError', message });
    });
  }

  test('needs a boundary', () => {
    assert.throws(() => formDataOf(Buffer.from('--B--'), 'multipart/form-data'), /names no boundary/);
  });

  test('comes out as it went in', async () => {
    const form = new FormData();
    form.append('a"\r\n', 'x\r\ny');
    form.append('f', new File([Buffer.from([0, 13, 10, 255])], 'ü".bin', { type: 'x/y' }));
    const blob = multipartBlob(form);
    const parsed = formDataOf(Buffer.from(await blob.arrayBuffer()), blob.type);
    assert.deepEqual(await entriesOf(parsed), await entriesOf(form));
  });
});

test('a body of type application/x-www-form-urlencoded is a form', async () => {
  const type = 'Application/X-WWW-Form-Urlencoded; charset=utf-8';
  assert.deepEqual(await parse('a=%C3%BC+b&c&=d', type), [
    ['a', 'ü b'],
    ['c', ''],
    ['', 'd'],
  ]);
});

test('a body of another type is no form', () => {
  for (const type of [null, '', 'text/plain', 'multipart/form-data-x', 'multipart/mixed; boundary=B']) {
    assert.throws(() => formDataOf(Buffer.alloc(0), type), { name: 'TypeError', message: /is no form/ });
  }
});
