/**
 * The command line: what can be given, what it means, and the help that teaches it. No I/O but the reading of the files that it names.
 */

import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { acceptEncoding } from '../fetch/content-coding.ts';
import { HTTPHeaders, TLSContext, TLSError } from '../index.ts';

/** A checked command line. */
export interface Task {
  readonly urls: readonly URL[];
  readonly method: string;
  /** As HTTP has them: a character for each byte. */
  readonly headers: readonly [string, string][];
  readonly body: Uint8Array | 'standard input' | undefined;
  /** Milliseconds without progress; undefined: no limit. */
  readonly timeout: number | undefined;
  /** Write heads, too. */
  readonly include: boolean;
  /** Ask for content codings, and undo them in what is written. */
  readonly compressed: boolean;
  /** A status of 400 or more is a failure. */
  readonly fail: boolean;
  /** PEM text of certificates to trust instead of the usual ones. */
  readonly ca: Uint8Array | undefined;
  /** Take any certificate. */
  readonly insecure: boolean;
  /** false: none; undefined: what the environment says. */
  readonly proxy: string | false | undefined;
  /** One file for all bodies, a folder for a file each, or standard output. */
  readonly output: { readonly file: string } | { readonly folder: string } | 'stdout';
}

/** Without a value: the field is not to be sent. */
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

/** Something about the command line is wrong: its message says what, and what would be right. */
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

/** Returns the text that is to be shown where that is what is asked for, as by --help. @throws UsageError */
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
  // Without a prototype: what was not given must not be found on Object.prototype.
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
    .option('-k, --insecure', 'take any certificate: whoever is in between can read and change everything')
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

/** An unknown option may have a secret in the same word, as those of other commands have: -uuser:password, --token=... */
function withoutValue(message: string): string {
  return message.replace(/^(unknown option '(?:-[^-]|--[\w-]+)).*'/s, "$1'");
}

/** Without the user name and password that may stand before an "@". */
function shown(text: string): string {
  return text.replace(/^(.*:\/\/)?.*@/s, '$1***@');
}

/** What others send, too: there are servers that refuse requests without. */
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

/** What --compressed asks for, beside fields of these names. */
function codings(named: ReadonlySet<string>): string | undefined {
  return acceptEncoding(new HTTPHeaders(named.has('range') ? { Range: '' } : {}));
}

/** As curl has it: "Name;" is an empty field, "Name:" takes one away. */
function headerField(text: string, before: readonly Field[] = []): Field[] {
  const [, name, mark, rest = ''] = /^([^:;]+)([:;])(.*)$/s.exec(text) ?? [];
  if (name === undefined || (mark === ';' && rest !== '')) {
    // What was given may be a secret.
    throw new UsageError('-H: a field looks like "Accept: text/html"');
  }
  const value = withoutWhitespace(rest);
  return [...before, [name, mark === ':' && value === '' ? undefined : asBytes(value)]];
}

/** A character for each byte of its UTF-8, which is what the terminal sends. */
function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** RFC 9110 5.6.3: spaces and tabs; a no-break space is a part of the value. */
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

/** As milliseconds. */
function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value > 0 && value <= 1e6) return Math.ceil(value * 1000);
  throw new UsageError(`--timeout ${text}: must be a number of seconds above 0, e.g. 30 or 0.5`);
}
