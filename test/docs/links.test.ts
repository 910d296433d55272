import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, test } from 'node:test';
import { repository } from '../support/compiled.ts';
import { allDocuments } from './code-blocks.ts';

/** The text without code, in which brackets mean something else. */
function prose(document: string): string {
  return readFileSync(join(repository, document), 'utf8')
    .replaceAll(/^ *```.*?^ *```$/gms, '')
    .replaceAll(/`[^`\n]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '));
}

/** The targets of links and images. */
function linksOf(document: string): string[] {
  return [...prose(document).matchAll(/\]\(([^()\s]+)\)/g)].map(([, target = '']) => target);
}

/** The anchors of headings: lower case, without punctuation, with hyphens for spaces; a second one of a name has a number. */
function anchorsOf(document: string): Set<string> {
  const anchors = new Set<string>();
  const text = readFileSync(join(repository, document), 'utf8').replaceAll(/^```.*?^```$/gms, '');
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-');
    let name = anchor;
    for (let number = 1; anchors.has(name); number++) name = `${anchor}-${number}`;
    anchors.add(name);
  }
  return anchors;
}

const isWithin = (target: string): boolean => !/^[a-z]+:/.test(target);
const documents = allDocuments();

/** What is wrong with a link to something in the repository; undefined if it leads there. */
function fault(document: string, target: string, packed: ReadonlySet<string> | undefined): string | undefined {
  const [path = '', anchor] = target.split('#', 2);
  const file = path === '' ? document : normalize(join(dirname(document), path));
  if (!existsSync(join(repository, file))) return 'there is no such file';
  if (anchor !== undefined && !anchorsOf(file).has(anchor)) return 'there is no such heading';
  if (packed === undefined || packed.has(file)) return undefined;
  const isFolder = statSync(join(repository, file)).isDirectory();
  return isFolder && [...packed].some((each) => !relative(file, each).startsWith('..'))
    ? undefined
    : 'it is not in the package';
}

function faults(from: readonly string[], packed?: ReadonlySet<string>): string[] {
  return from.flatMap((document) =>
    linksOf(document)
      .filter(isWithin)
      .flatMap((target) => {
        const found = fault(document, target, packed);
        return found === undefined ? [] : [`${document}: ${target}: ${found}`];
      }),
  );
}

describe('links in documents', () => {
  test('lead to files and headings that exist', () => {
    const count = documents.flatMap(linksOf).length;
    assert.ok(count > 50, `${count} links`);
    assert.deepEqual(faults(documents), []);
  });

  test('lead to files of the package, from those that are in it', () => {
    const output = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: repository });
    const [{ files }] = JSON.parse(output.toString()) as [{ files: { path: string }[] }];
    const packed = new Set(files.map(({ path }) => path));
    assert.ok(packed.has('README.md') && packed.has('docs/debugging.md') && packed.has('examples/select-loop.ts'));
    assert.deepEqual(
      faults(
        documents.filter((each) => packed.has(each)),
        packed,
      ),
      [],
    );
  });

  test('never lead to the placeholder that a publisher replaces in package.json, the only file that has it', () => {
    const { homepage } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { homepage: string };
    const { host } = new URL(homepage);
    assert.deepEqual(
      documents.filter((each) => readFileSync(join(repository, each), 'utf8').includes(host)),
      [],
    );
  });
});
