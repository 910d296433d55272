/** `dugong --compressed`: what it asks for, and what is written of what comes. */

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import zlib from 'node:zlib';
import { CommandHost } from '../support/command-host.ts';
import { response } from '../support/messages.ts';
import { close, expectHead, send, startScriptedServer } from '../support/scripted-server.ts';

const TEXT = 'a text, a text, and a text\n'.repeat(1000);

let host: CommandHost;

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly head: string;
}

/** What `dugong ...args URL` does with a body that says of itself that it has `coding`. */
async function outcome(args: readonly string[], coding: string, body: Uint8Array): Promise<Outcome> {
  const head = response('200 OK', [`Content-Encoding: ${coding}`, `Content-Length: ${body.length}`]);
  using server = startScriptedServer([[expectHead(), send(head), send(body), close()]]);
  const { status, stdout, stderr } = await host.run([...args, `http://${server.authority}/`]);
  return { status, stdout: stdout.toString(), stderr: stderr.toString(), head: server.heads()[0] ?? '' };
}

describe('dugong --compressed', () => {
  before(() => {
    host = new CommandHost();
  });
  after(() => host.stop());

  test('asks for codings and writes the body without them, beside the fields as they came', async () => {
    const { status, stdout, head } = await outcome(['--compressed', '-i'], 'gzip', zlib.gzipSync(TEXT));
    assert.equal(status, 0);
    assert.match(head, /\r\nAccept-Encoding: gzip, deflate, br/);
    assert.match(stdout, /\r\nContent-Encoding: gzip\r\n/);
    assert(stdout.endsWith(`\r\n\r\n${TEXT}`));
  });

  test("leaves the caller's Accept-Encoding, and asks for no coding of a range", async () => {
    const own = await outcome(['--compressed', '-H', 'Accept-Encoding: br'], 'br', zlib.brotliCompressSync(TEXT));
    assert.match(own.head, /\r\nAccept-Encoding: br\r\n/);
    assert.equal(own.stdout, TEXT);
    const range = await outcome(['--compressed', '-H', 'Range: bytes=0-'], 'identity', Buffer.from(TEXT));
    assert.match(range.head, /\r\nAccept-Encoding: identity\r\n/);
    assert.equal(range.stdout, TEXT);
  });

  test('fails if the data is cut, although the response is whole', async () => {
    const { status, stderr } = await outcome(['--compressed'], 'gzip', zlib.gzipSync(TEXT).subarray(0, -1));
    assert.equal(status, 7);
    assert.match(
      stderr,
      /^dugong: \S+: the body cannot be decoded from gzip \(unexpected end of file, Z_BUF_ERROR\)\. /,
    );
    assert.match(stderr, /Without --compressed it is written as it came\n$/);
  });

  test('fails at data that is corrupt, and at a coding that is not known, of which nothing is written', async () => {
    const corrupt = await outcome(['--compressed'], 'br', Buffer.from('no brotli data'));
    assert.equal(corrupt.status, 7);
    assert.match(corrupt.stderr, /cannot be decoded from br .* Without --compressed/);
    const unknown = await outcome(['--compressed'], 'compress', Buffer.from(TEXT));
    assert.deepEqual([unknown.status, unknown.stdout], [7, '']);
    assert.match(unknown.stderr, /a content coding that is not known here: "compress"\. Without --compressed/);
  });

  test('is not the usual: bodies are written as they come, and none but identity is asked for', async () => {
    const { status, stdout, head } = await outcome([], 'gzip', Buffer.from('as it came'));
    assert.deepEqual([status, stdout], [0, 'as it came']);
    assert.match(head, /\r\nAccept-Encoding: identity\r\n/);
  });
});
