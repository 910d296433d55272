/**
 * The command line: its options, their meaning, and the help text. Its only I/O is reading the files that options name.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { acceptEncoding } from '../fetch/content-coding.ts';
import { HTTPHeaders, TLSContext, TLSError } from '../index.ts';

/** A checked command line. */
export interface Task {
  readonly urls: readonly URL[];
  readonly method: string;
  /** Header fields; each character is one byte. */
  readonly headers: readonly [string, string][];
  readonly body: Uint8Array | 'standard input' | undefined;
  /** Milliseconds without progress; undefined: no limit. */
  readonly timeout: number | undefined;
  /** Whether to write the response heads, too. */
  readonly include: boolean;
  /** Whether to ask for content codings and to decode the bodies. */
  readonly compressed: boolean;
  /** Whether a status of 400 or more is a failure. */
  readonly fail: boolean;
  /** PEM text of trusted certificates that replace the default ones. */
  readonly ca: Uint8Array | undefined;
  /** Whether to accept any certificate. */
  readonly insecure: boolean;
  /** The proxy; false: none; undefined: that of the environment. */
  readonly proxy: string | false | undefined;
  /** One file for all bodies, a folder with a file for each, or standard output. */
  readonly output: { readonly file: string } | { readonly folder: string } | 'stdout';
}

/** A field; without a value it is not sent. */
type Field = readonly [name: string, value: string | undefined];

interface Options {
  readonly request?: string;
  readonly head?: true;
  readonly header?: readonly Field[];
  readonly data?: Uint8Array | 'standard input';
  readonly include?: true;
  readonly output?: string;
  readonly outputDir?: string;
  readonly timeout?: number;
  readonly compressed?: true;
  readonly fail?: true;
  readonly cacert?: Uint8Array;
  readonly insecure?: true;
  readonly proxy?: string | false;
}

/** An error in the command line. The message says what is wrong and how to correct it. */
export class UsageError extends Error {}

const EXAMPLES = `
Examples:
  dugong http://localhost:8080/                        the document to standard output
  dugong -I http://localhost:8080/                     only its head
  dugong -o a.html http://localhost:8080/a             into a file
  dugong -O out http://localhost:8080/{a,b,c}          three documents over one connection, into a folder
  dugong -d '{"n":1}' -H 'Content-Type: application/json' http://localhost:8080/things
  dugong -X PUT -d @photo.jpg http://localhost:8080/photo.jpg
  make-report | dugong -d @- http://localhost:8080/reports

With --compressed, a body that cannot be decompressed, or is cut, is an error. Ranges are asked for as they are. Progress counts
what is received.

All URLs of one server share one connection, and requests without a body are sent ahead of the responses. If the server
ends the connection, requests that it has not answered are sent again, provided that this does no harm (GET, HEAD, PUT,
DELETE, OPTIONS, TRACE). dugong stops at the first error.

The environment names proxies: http_proxy for http:// URLs, https_proxy for https:// URLs, all_proxy for both, and in
no_proxy the hosts that are to be reached without. A proxy is http://user:password@host:port, or https://... if TLS is to
be spoken with the proxy itself. Its certificate is verified, too, whatever --cacert and --insecure say of the servers'.

Exit status:
  0    everything has been fetched, whatever its status, unless --fail is given
  1    --fail is given, and a response had a status of 400 or more
  2    the command line, or a proxy in the environment, is wrong
  3    network: a name, server or proxy cannot be reached or trusted, a connection was lost or timed out
  4    the server sent something that is not HTTP/1.1, or a part of it that is not supported
  5    the output cannot be written
  129  the terminal has gone (SIGHUP)
  130  interrupted (SIGINT)
  141  the reader of standard output has gone
  143  ended (SIGTERM)
`;

/** Parses the command line. Returns a text if the user asks for one, as with --help. @throws UsageError */
export function parseArguments(argv: readonly string[], version: string): Task | string {
  let shown = '';
  const command = define(version).configureOutput({
    writeOut: (text) => {
      shown += text;
    },
    writeErr: () => {},
  });
  try {
    command.parse(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return shown;
    throw new UsageError(withoutValue(error.message.replace(/^error: /, '')));
  }
  // Without a prototype, so that missing options are not looked up on Object.prototype.
  const options: Options = Object.assign(Object.create(null), command.opts<Options>());
  return taskOf(options, { urls: command.args, version });
}

function define(version: string): Command {
  return new Command('dugong')
    .description('Fetches documents over HTTP/1.1, several over one connection.')
    .argument('<URL...>', 'http:// and https:// URLs, fetched in this order')
    .option('-o, --output <FILE>', 'write all bodies to this file instead of standard output')
    .addOption(
      new Option('-O, --output-dir <FOLDER>', 'write each body to a file there, named by the URL').conflicts('output'),
    )
    .option('-i, --include', 'write the heads of the responses, too')
    .option('-I, --head', 'ask for the heads only (method HEAD) and write them')
    .option('-X, --request <METHOD>', 'the method (GET; POST with -d)')
    .option(
      '-H, --header <"Name: value">',
      'send this field, too; "Name:" sends none, "Name;" an empty one',
      headerField,
    )
    .addOption(
      new Option('-d, --data <TEXT>', 'send this body; @FILE sends a file, @- standard input')
        .argParser(body)
        .conflicts('head'),
    )
    .option('--compressed', 'ask for compressed bodies, and write them decompressed')
    .option('--timeout <SECONDS>', 'give up when nothing happens for so long', seconds)
    .addOption(new Option('--cacert <FILE>', 'trust the certificates in this file (PEM) only').argParser(certificates))
    .option('-k, --insecure', 'take any certificate: anyone in between can read and change everything')
    .option('-x, --proxy <URL>', 'send the requests through this HTTP proxy, whatever the environment says')
    .option('--no-proxy', 'send them to the servers themselves, whatever the environment says')
    .option('--fail', 'exit with status 1 if a response has a status of 400 or more')
    .version(version, '-V, --version')
    .helpOption('-h, --help', 'show this')
    .addHelpText('after', EXAMPLES)
    .exitOverride();
}

function taskOf(options: Options, { urls, version }: { urls: readonly string[]; version: string }): Task {
  const { request, head, header, data, include, output, outputDir, timeout, fail, cacert, insecure, proxy } = options;
  const { compressed = false } = options;
  const usual = head ? 'HEAD' : data === undefined ? 'GET' : 'POST';
  return {
    urls: urls.map(checkedURL),
    method: request ?? usual,
    headers: fields(header ?? [], { version, compressed }),
    body: data,
    timeout,
    include: include === true || head === true,
    compressed,
    fail: fail === true,
    ca: cacert,
    insecure: insecure === true,
    proxy,
    output: outputDir !== undefined ? { folder: outputDir } : output !== undefined ? { file: output } : 'stdout',
  };
}

function checkedURL(text: string): URL {
  if (!URL.canParse(text))
    throw new UsageError(`${shown(text)} is no URL: one looks like http://localhost:8080/index.html`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UsageError(`${shown(text)}: only http:// and https:// URLs can be fetched`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${url.host}: user names in URLs are not supported; give -H "Authorization: ..." instead`);
  }
  return url;
}

/**
 * Removes the value of an unknown option from the message: it may be a secret, as in options of other commands
 * (-uuser:password, --token=...).
 */
function withoutValue(message: string): string {
  return message.replace(/^(unknown option '(?:-[^-]|--[\w-]+)).*'/s, "$1'");
}

/** Hides the user name and password before an "@". */
function shown(text: string): string {
  return text.replace(/^(.*:\/\/)?.*@/s, '$1***@');
}

/** The fields to send. Some servers refuse requests without these default fields. */
function fields(
  given: readonly Field[],
  { version, compressed }: { version: string; compressed: boolean },
): [string, string][] {
  const named = new Set(given.map(([name]) => name.toLowerCase()));
  const usual: Field[] = [
    ['User-Agent', `dugong/${version}`],
    ['Accept', '*/*'],
    ['Accept-Encoding', compressed ? codings(named) : undefined],
  ];
  const all = [...usual.filter(([name]) => !named.has(name.toLowerCase())), ...given];
  return all.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
}

/** The value of Accept-Encoding for --compressed, for a request with these fields. */
function codings(named: ReadonlySet<string>): string | undefined {
  return acceptEncoding(new HTTPHeaders(named.has('range') ? { Range: '' } : {}));
}

/** Parses -H as curl does: "Name;" sends an empty field, "Name:" sends none. */
function headerField(text: string, before: readonly Field[] = []): Field[] {
  const [, name, mark, rest = ''] = /^([^:;]+)([:;])(.*)$/s.exec(text) ?? [];
  if (name === undefined || (mark === ';' && rest !== '')) {
    // The text may be a secret.
    throw new UsageError('-H: a field looks like "Accept: text/html"');
  }
  const value = withoutWhitespace(rest);
  return [...before, [name, mark === ':' && value === '' ? undefined : asBytes(value)]];
}

/** One character for each byte of the UTF-8 text that the terminal sent. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Removes spaces and tabs (RFC 9110 5.6.3). A no-break space belongs to the value. */
function withoutWhitespace(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function body(text: string): Uint8Array | 'standard input' {
  if (text === '@-') return 'standard input';
  return text.startsWith('@') ? contentOf(text.slice(1), `-d ${text}`) : Buffer.from(text);
}

function certificates(file: string): Uint8Array {
  const ca = contentOf(file, `--cacert ${file}`);
  try {
    new TLSContext({ ca });
  } catch (error) {
    if (!(error instanceof TLSError)) throw error;
    throw new UsageError(`--cacert ${file}: no certificates in PEM form (${error.reason})`);
  }
  return ca;
}

function contentOf(file: string, option: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new UsageError(`${option}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Parses seconds; returns milliseconds. */
function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1e6) return Math.ceil(value * 1000);
  throw new UsageError(`--timeout ${text}: must be a number of seconds above 0, e.g. 30 or 0.5`);
}
