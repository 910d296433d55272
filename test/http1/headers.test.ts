import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';
import { HTTPHeaders, headersOfSection } from '../../src/http1/headers.ts';

suite('making headers', () => {
  test('pairs, records and other headers are taken as they are, in their order and case', () => {
    const pairs: [string, string][] = [
      ['B', '1'],
      ['a', '2'],
      ['b', '3'],
    ];
    const headers = new HTTPHeaders(pairs);
    assert.deepEqual([...headers], pairs);
    assert.deepEqual([...new HTTPHeaders(headers)], pairs);
    assert.deepEqual(
      [...new HTTPHeaders({ X: 'y', N: 5, List: ['1', '2'], None: undefined })],
      [
        ['X', 'y'],
        ['N', '5'],
        ['List', '1'],
        ['List', '2'],
      ],
    );
  });

  test("the WHATWG's Headers convert both ways", () => {
    const whatwg = new Headers({ 'Content-Type': 'text/plain', X: 'y' });
    const headers = new HTTPHeaders(whatwg);
    assert.equal(headers.get('content-type'), 'text/plain');
    assert.deepEqual([...new Headers([...headers])], [...whatwg]);
  });

  test('a copy is independent of its original', () => {
    const original = new HTTPHeaders({ A: '1' });
    const copy = new HTTPHeaders(original);
    copy.set('A', '2');
    assert.equal(original.get('A'), '1');
  });

  test('names that are no token are refused [RFC 9110 5.1]', () => {
    for (const name of ['', 'A B', 'A:', 'A\r\nB', 'Ä', 'A\0']) {
      assert.throws(() => new HTTPHeaders([[name, 'v']]), { name: 'TypeError', message: /is no field name/ });
    }
  });

  test('values with line ends, controls or characters above U+00FF are refused [RFC 9110 5.5]', () => {
    for (const value of ['a\r\nb', '\n', 'a\0', '\x7f', 'Ω', '\u010d']) {
      assert.throws(() => new HTTPHeaders({ A: value }), { name: 'TypeError', message: /field A holds/ });
    }
  });

  test('values that are neither strings nor finite numbers are refused, not converted', () => {
    for (const value of [null, Number.NaN, {}, Symbol('s'), true]) {
      const pairs = [['A', value]] as unknown as [string, string][];
      assert.throws(() => new HTTPHeaders(pairs), { name: 'TypeError', message: /must be a string or a number/ });
    }
  });

  test('a list that is not of pairs is refused, not taken apart in its own way', () => {
    const flat = ['Content-Type', 'text/plain'];
    for (const [init, got] of [
      [flat, /got a string/],
      [[['A', 'b', 'c']], /got an array of 3/],
      [[['A']], /got an array of 1/],
      [[{ A: 'b' }], /got object/],
    ] as const) {
      assert.throws(() => new HTTPHeaders(init as never), { name: 'TypeError', message: got });
    }
    for (const init of ['A: b', null, 5]) {
      assert.throws(() => new HTTPHeaders(init as never), { name: 'TypeError', message: /headers must be pairs/ });
    }
  });

  test('any iterable of pairs will do', () => {
    assert.deepEqual(new HTTPHeaders(new Map([['A', 'b']])).raw(), ['A', 'b']);
    assert.deepEqual(new HTTPHeaders(new URLSearchParams('a=b&a=c')).raw(), ['a', 'b', 'a', 'c']);
  });

  test('a name that is no string is refused', () => {
    assert.throws(() => new HTTPHeaders([[5, 'v']] as unknown as [string, string][]), TypeError);
  });
});

suite('looking fields up', () => {
  const headers = new HTTPHeaders([
    ['Accept', 'a'],
    ['Set-Cookie', 'x=1'],
    ['ACCEPT', 'b'],
    ['set-cookie', 'y=2'],
  ]);

  test('names are compared without case', () => {
    assert.ok(headers.has('aCCept'));
    assert.equal(headers.has('Accep'), false);
    assert.equal(headers.size, 4);
  });

  test('several lines are joined with a comma [RFC 9110 5.3]', () => {
    assert.equal(headers.get('accept'), 'a, b');
    assert.deepEqual(headers.getAll('accept'), ['a', 'b']);
    assert.equal(headers.get('none'), undefined);
    assert.deepEqual(headers.getAll('none'), []);
  });

  test('Set-Cookie is never joined [RFC 9110 5.3]', () => {
    assert.equal(headers.get('Set-Cookie'), 'x=1');
    assert.deepEqual(headers.getAll('Set-Cookie'), ['x=1', 'y=2']);
  });

  test('iteration gives the lines as they are', () => {
    assert.deepEqual([...headers.keys()], ['Accept', 'Set-Cookie', 'ACCEPT', 'set-cookie']);
    assert.deepEqual([...headers.values()], ['a', 'x=1', 'b', 'y=2']);
    assert.deepEqual(headers.raw(), ['Accept', 'a', 'Set-Cookie', 'x=1', 'ACCEPT', 'b', 'set-cookie', 'y=2']);
  });

  test('a record has lower-case names and cookies as a list', () => {
    assert.deepEqual({ ...headers.toObject() }, { accept: 'a, b', 'set-cookie': ['x=1', 'y=2'] });
    assert.equal(JSON.stringify(headers), '{"accept":"a, b","set-cookie":["x=1","y=2"]}');
  });

  test("names of Object.prototype's members are names like any other", () => {
    const odd = new HTTPHeaders([
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ]);
    assert.equal(odd.get('__proto__'), 'x');
    assert.equal(odd.toObject().constructor, 'y');
    assert.equal(new HTTPHeaders().get('toString'), undefined);
  });
});

suite('changing fields', () => {
  test('set replaces all lines by one at the place of the first', () => {
    const headers = new HTTPHeaders([
      ['A', '1'],
      ['B', '2'],
      ['a', '3'],
    ]);
    headers.set('a', 4);
    assert.deepEqual(headers.raw(), ['a', '4', 'B', '2']);
    headers.set('C', '5');
    assert.deepEqual(headers.raw(), ['a', '4', 'B', '2', 'C', '5']);
  });

  test('delete removes all lines and says whether there were any', () => {
    const headers = new HTTPHeaders([
      ['A', '1'],
      ['B', '2'],
      ['a', '3'],
    ]);
    assert.equal(headers.delete('A'), true);
    assert.equal(headers.delete('A'), false);
    assert.deepEqual(headers.raw(), ['B', '2']);
  });

  test('while they are gone through leaves out none and adds none', () => {
    const headers = new HTTPHeaders({ A: '1', B: '2', C: '3' });
    const seen: string[] = [];
    for (const [name, value] of headers) {
      seen.push(name);
      headers.delete(name);
      headers.append(`X-${name}`, value);
      headers.set('C', 'changed');
    }
    assert.deepEqual(seen, ['A', 'B', 'C']);
    assert.deepEqual([...headers.keys()], ['X-A', 'X-B', 'X-C', 'C']);
  });

  test('append refuses what the constructor refuses', () => {
    const headers = new HTTPHeaders();
    assert.throws(() => headers.append('A', 'b\r\nc'), TypeError);
    assert.throws(() => headers.set('A\r\n', 'b'), TypeError);
    assert.equal(headers.size, 0);
  });
});

suite('fields as received', () => {
  test('a section is split at its CRLFs, whitespace around values taken off', () => {
    const headers = headersOfSection('A: 1\r\nB:\t 2 \r\nC:\r\n');
    assert.deepEqual(headers.raw(), ['A', '1', 'B', '2', 'C', '']);
  });

  test('each obs-fold becomes one space [RFC 9112 5.2]', () => {
    const headers = headersOfSection('A: 1\r\n  2\r\n\t3\r\nB: 4\r\n');
    assert.deepEqual(headers.raw(), ['A', '1 2 3', 'B', '4']);
  });

  test('an empty section has no fields, and one whose last line lacks its CRLF is split all the same', () => {
    assert.equal(headersOfSection('').size, 0);
    assert.deepEqual(headersOfSection('A: 1\r\nB: 2').raw(), ['A', '1', 'B', '2']);
  });

  test('every access splits it, the first and all others', () => {
    const make = (): HTTPHeaders => headersOfSection('A: 1\r\n');
    assert.equal(make().size, 1);
    assert.ok(make().has('a'));
    assert.ok(make().delete('a'));
    assert.equal(new HTTPHeaders(make()).get('A'), '1');
    const headers = make();
    headers.append('B', '2');
    headers.set('C', '3');
    assert.deepEqual(headers.raw(), ['A', '1', 'B', '2', 'C', '3']);
  });

  test('a name is found at the beginning of a line only, whatever else stands there', () => {
    const make = (): HTTPHeaders => headersOfSection('Cache: A:\r\nVia: b\r\n A: folded\r\n');
    for (const name of ['a', 'e', 'ia', 'zia', 'cache: a', '', ' a']) {
      const headers = make();
      assert.equal(headers.has(name), false);
      assert.equal(headers.get(name), undefined);
      assert.deepEqual(headers.getAll(name), []);
      assert.equal(headers.delete(name), false);
    }
    assert.equal(make().get('VIA'), 'b A: folded');
    const headers = make();
    headers.set('Cachet', '1');
    assert.deepEqual(headers.raw(), ['Cache', 'A:', 'Via', 'b A: folded', 'Cachet', '1']);
  });

  test('to delete one leaves the others in their order', () => {
    const headers = headersOfSection('A: 1\r\nB: A\r\na: 2\r\nC: a\r\n');
    assert.equal(headers.get('a'), '1, 2');
    headers.set('A', '3');
    assert.deepEqual(headers.raw(), ['A', '3', 'B', 'A', 'C', 'a']);
    assert.ok(headers.delete('A'));
    assert.deepEqual(headers.raw(), ['B', 'A', 'C', 'a']);
  });
});

test('a log shows fields by name, and no credentials', () => {
  const headers = new HTTPHeaders([
    ['Cookie', 'a=secret'],
    ['X', 'http://me:secret@host/'],
    ['x', '2'],
    ['Y', '3'],
  ]);
  assert.deepEqual(
    [...headers.withoutSecrets()],
    [
      ['Cookie', '***'],
      ['X', 'http://***@host/'],
      ['x', '2'],
      ['Y', '3'],
    ],
  );
  const shown = inspect(headers);
  assert.ok(!shown.includes('secret'), shown);
  assert.match(shown, /X: \[.*'2'.*Y: '3'/s);
});
