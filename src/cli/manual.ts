/**
 * What the help and the man page say beside the flags and the exit codes.
 */

import type { CommandName } from './flag.ts';

export const TITLE = 'fetches documents over HTTP/1.1: many, fast, and says exactly what is missing';

/** A command in a line. */
export interface CommandText {
  readonly name: CommandName;
  readonly usage: string;
  readonly summary: string;
}

export const COMMAND_TEXTS: readonly CommandText[] = [
  {
    name: 'get',
    usage: 'dugong [get] [flags] URL... | --input FILE',
    summary: 'fetches documents, to standard output or into files',
  },
  {
    name: 'check',
    usage: 'dugong check [flags] URL... | --input FILE',
    summary: 'asks whether links are alive: HEAD, then GET where HEAD is refused',
  },
  {
    name: 'put',
    usage: 'dugong put [flags] FILE|FOLDER... URL | --input FILE',
    summary: 'sends files, those of folders with all that is in them, each with a PUT of its own',
  },
  {
    name: 'demo',
    usage: 'dugong demo [--documents COUNT] [--serve [--port PORT]]',
    summary: 'fetches the documents of a server that it starts, in several ways, and checks every byte',
  },
  {
    name: 'completion',
    usage: 'dugong completion bash|zsh|fish',
    summary: 'prints the completion script for a shell: eval "$(dugong completion bash)"',
  },
];

/** Command lines with what they do. */
export const EXAMPLES: readonly (readonly [command: string, does: string])[] = [
  ['dugong localhost:8080/a', 'the document to standard output'],
  ['dugong -O http://localhost:8080/{a,b,c}', 'three documents into files here'],
  ['dugong -P out -j 4 --input list.txt --failed again.txt', 'a list, over four connections to a server'],
  ['dugong -P out -j 4 --input again.txt --skip-existing', 'once more what was missing'],
  ['dugong check --jsonl --input links.txt', 'a report of dead links'],
  ['dugong -d name=Ann -d town=Ulm localhost:8080/form', 'a form'],
  [`dugong --json '{"n":1}' localhost:8080/things`, 'JSON there and back'],
  ['dugong put --failed again.txt site/ localhost:8080/site/', 'a folder to a server'],
  ['dugong put --input again.txt', 'once more what was not stored'],
  ['make-report | dugong -d @- localhost:8080/reports', 'a body from another program'],
];

/** Paragraphs under a heading. */
export interface ManualSection {
  readonly heading: string;
  readonly paragraphs: readonly string[];
}

export const SECTIONS: readonly ManualSection[] = [
  {
    heading: 'Documents',
    paragraphs: [
      'A URL without a scheme is http://, if its host has a dot or a port or is localhost. A document whose status is not 2xx is missing: it is never saved, the others are fetched all the same, and the exit code tells. Without -o, -O and -P the bodies go to standard output in the order of the list. A file gets its name when its document is complete, and no file is replaced unless --overwrite says so. Names of files come from the URLs, without what would be unsafe; a name that is taken gets a number; the same list gives the same names. With -J they come from the responses, and then a name may depend on which response was first.',
      'Requests are sent ahead of the responses over few connections (-j, --pipeline). If a server ends a connection, what it has not answered is asked for again, provided that this does no harm (GET, HEAD, PUT, DELETE, OPTIONS, TRACE).',
      'check asks with HEAD, follows redirects, and asks again with GET (one byte) unless the answer was 410 or 429. A link is alive, redirected (alive elsewhere), blocked (403, 429, 503, 999: it may be alive for people), missing, or failed. Standard output gets a line for each that is not simply alive; with --jsonl, for every one.',
      'put sends If-None-Match: * unless --overwrite is given, so that the server replaces nothing; some servers, as nginx, replace documents nevertheless.',
    ],
  },
  {
    heading: 'Lists',
    paragraphs: [
      'A line of a list is a URL, which fields may follow, each behind a tab: out=NAME (of the file), size=BYTES, sha256=HEX (or sha512, sha1, md5), etag=TAG (all of what must come), and reason=TEXT, which is ignored. Empty lines and lines that begin with # are skipped. The same URL may come several times: each gets its own file. --failed writes such a list: run the same command again, with --input FILE in place of the URLs.',
      'For put, a line is a URL and, behind a tab, file=PATH, seen from the current folder: put --input FILE sends once more what put --failed FILE has listed.',
      '--input reads the whole list before the first request, also from a pipe.',
    ],
  },
  {
    heading: 'Configuration',
    paragraphs: [
      'A configuration file has a flag in each line: "name", "name value", "name = value" or \'name: "value"\', with dashes or without; a line that begins with # is a comment. Flags that the command does not have are left out. ~/.dugongrc is read first, then the files of -K, then the command line, of which the last value counts.',
    ],
  },
  {
    heading: 'Environment',
    paragraphs: [
      "http_proxy, https_proxy and all_proxy name proxies for http:// URLs, https:// URLs and both, no_proxy the hosts that are reached without. A proxy is http://user:password@host:port, or https://... if TLS is to be spoken with the proxy itself; its certificate is verified whatever --cacert and --insecure say of the servers'. NETRC names the file that -n reads in place of ~/.netrc. NO_COLOR and TERM=dumb switch colours off.",
      'DUGONG_TRACEFILE names a file to which everything that happens on the connections is appended: %d in the name stands for the process id, and a new file is for its owner alone. NODE_DEBUG=dugong writes the same to standard error. Credentials, cookies and bodies are left out, unless DUGONG_TRACE_SECRETS is 1; paths and queries are not.',
    ],
  },
];

export const EXIT_RULE =
  'Signals win; otherwise the lowest code but 0 of all documents counts. The first SIGINT or SIGTERM stops the run, removes unfinished files and tells what is missing; the second ends dugong at once.';
