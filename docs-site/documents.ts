/**
 * The Markdown documents of the repository as pages of the site: reads them as they are, gives each a title and an address, and
 * makes pages for what else they link to: a source file is shown with its text, a folder with a list of its files. Images are
 * copied by TypeDoc itself.
 */

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, posix, relative } from 'node:path';
import {
  type CommentDisplayPart,
  type Converter,
  type DeclarationReflection,
  DocumentReflection,
  MinimalSourceFile,
  type NormalizedPath,
  normalizePath,
  type ProjectReflection,
} from 'typedoc';
import { SECTIONS, type Section, type Single } from './contents.ts';
import { transitionTables } from './transition-tables.ts';

/** Files that a page shows as they are. */
const IMAGES: ReadonlySet<string> = new Set(['.gif', '.jpg', '.jpeg', '.png', '.svg', '.webp']);
const LANGUAGES: Readonly<Record<string, string>> = {
  '.js': 'javascript',
  '.json': 'json',
  '.mjs': 'javascript',
  '.sh': 'bash',
  '.ts': 'typescript',
};

/** A search finds what is explained before what is only shown. */
const SOURCE_BOOST = 0.2;

export class Documents {
  readonly #repository: string;
  readonly #warn: (message: string) => void;
  readonly #byPath = new Map<string, DocumentReflection>();
  readonly #addresses = new Map<DocumentReflection, string>();

  /** `warn` gets a line for each document that has no section, and for each line of a section without a document. */
  constructor(repository: string, warn: (message: string) => void) {
    this.#repository = repository;
    this.#warn = warn;
  }

  /** Adds all documents. */
  addAll(project: ProjectReflection, converter: Converter): void {
    const listed = SECTIONS.flatMap(documentsOf);
    for (const path of listed.filter((path) => !existsSync(join(this.#repository, path)))) {
      this.#warn(`docs-site/contents.ts names ${path}, which does not exist`);
    }
    const present = listed.filter((path) => existsSync(join(this.#repository, path)));
    for (const path of this.#markdownIn('docs').filter((path) => !listed.includes(path))) {
      this.#warn(`${path} is in no section of docs-site/contents.ts`);
      present.push(path);
    }
    for (const path of present) {
      const text = transitionTables(readFileSync(join(this.#repository, path), 'utf8'));
      this.#add(project, converter, { path, text, address: addressOf(path) });
    }
  }

  /** Adds a page for each section of several, with a list of them, and of the package's entries where they belong. */
  addIndexes(project: ProjectReflection, converter: Converter, entries: readonly DeclarationReflection[]): void {
    for (const section of SECTIONS.filter((each) => 'folder' in each)) {
      const path = indexOf(section);
      const address = `${section.folder}/index`;
      const head = `# ${section.title}\n\n${section.lead}\n\n`;
      const list = this.#lines(path, this.in(section));
      const text = section.hasEntries ? head : head + list;
      const page = this.#byPath.get(path) ?? this.#add(project, converter, { path, text, address });
      if (section.hasEntries) {
        const rest = `## Documents\n\n${list}`;
        const { content } = converter.parseRawComment(new MinimalSourceFile(rest, this.#absolute(path)), project.files);
        page.content.push(...entryList(entries), ...content);
      }
      const folder = join(this.#repository, 'docs', section.folder);
      for (const link of [folder, `${folder}/`]) project.files.registerReflectionPath(normalizePath(link), page);
    }
  }

  /** Adds pages for the files and folders that what has been added links to. */
  addLinked(project: ProjectReflection, converter: Converter): void {
    for (;;) {
      const linked = [...project.files.getMediaPaths()].filter((path) => !IMAGES.has(extname(path)));
      if (linked.length === 0) return;
      for (const absolute of linked) {
        const path = relative(this.#repository, absolute);
        const known = this.#byPath.get(path);
        project.files.registerReflectionPath(absolute, known ?? this.#addLinked(project, converter, path));
      }
    }
  }

  /** Of a section, those that there are; its own page is not one of them. */
  in(section: Section | Single): DocumentReflection[] {
    const paths = 'folder' in section ? section.documents : [section.document];
    return paths.map((path) => this.#byPath.get(path)).filter((each) => each !== undefined);
  }

  /** The page of a section. */
  pageOf(section: Section | Single): DocumentReflection | undefined {
    return this.#byPath.get('folder' in section ? indexOf(section) : section.document);
  }

  /** The section that a document is in, or is the page of. */
  sectionOf(document: DocumentReflection): Section | Single | undefined {
    return SECTIONS.find((each) => this.pageOf(each) === document || this.in(each).includes(document));
  }

  /** The address of a page, without `.html`, within the site. */
  addressOf(document: DocumentReflection): string | undefined {
    return this.#addresses.get(document);
  }

  #add(project: ProjectReflection, converter: Converter, { path, text, address }: Page): DocumentReflection {
    const absolute = this.#absolute(path);
    const { content, frontmatter } = converter.parseRawComment(new MinimalSourceFile(text, absolute), project.files);
    const document = new DocumentReflection(titleOf(text) ?? path, project, content, frontmatter);
    project.addChild(document);
    project.registerReflection(document, undefined, absolute);
    this.#byPath.set(path, document);
    this.#addresses.set(document, address);
    return document;
  }

  #addLinked(project: ProjectReflection, converter: Converter, path: string): DocumentReflection {
    const isFolder = statSync(join(this.#repository, path)).isDirectory();
    const text = isFolder ? this.#listing(path) : this.#source(path);
    const page = this.#add(project, converter, {
      path: isFolder ? `${path}/.list` : path,
      text,
      address: `source/${path}`,
    });
    page.relevanceBoost = SOURCE_BOOST;
    return page;
  }

  #lines(from: string, documents: readonly DocumentReflection[]): string {
    const paths = new Map([...this.#byPath].map(([path, document]) => [document, path]));
    return documents
      .map((each) => {
        const path = paths.get(each) ?? '';
        const link = `[${each.name}](${posix.relative(posix.dirname(from), path)})`;
        return `- ${link}${firstSentence(readFileSync(join(this.#repository, path), 'utf8'))}`;
      })
      .join('\n');
  }

  #absolute(path: string): NormalizedPath {
    return normalizePath(join(this.#repository, path));
  }

  #listing(path: string): string {
    const names = readdirSync(join(this.#repository, path)).filter((name) => name !== 'node_modules');
    const lines = names.sort().map((name) => `- [${name}](${name})`);
    return `# ${path}\n\n${lines.join('\n')}\n`;
  }

  #source(path: string): string {
    const text = readFileSync(join(this.#repository, path), 'utf8');
    const fence = '`'.repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
    return `# ${path}\n\n${fence}${LANGUAGES[extname(path)] ?? 'text'}\n${text.trimEnd()}\n${fence}\n`;
  }

  #markdownIn(folder: string): string[] {
    return readdirSync(join(this.#repository, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.startsWith('site/'))
      .map((path) => posix.join(folder, path))
      .sort();
  }
}

interface Page {
  /** Within the repository. Links in the text are relative to it. */
  readonly path: string;
  readonly text: string;
  /** Within the site, without `.html`. */
  readonly address: string;
}

function documentsOf(section: Section | Single): readonly string[] {
  if ('document' in section) return [section.document];
  return section.index === undefined ? section.documents : [section.index, ...section.documents];
}

function indexOf({ index, folder }: Section): string {
  return index ?? `docs/${folder}/README.md`;
}

/** The first heading, as plain text. */
function titleOf(text: string): string | undefined {
  return /^# +(.+)$/m
    .exec(text)?.[1]
    ?.replaceAll(/[`*_]|\]\([^)]*\)|\[/g, '')
    .trim();
}

/** What a document begins with, behind a colon, if that is a sentence. */
function firstSentence(text: string): string {
  const paragraph = text.split(/\n{2,}/).find((each) => /^[A-Z`]/.test(each)) ?? '';
  const plain = paragraph.replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('\n', ' ');
  const sentence = /^.{20,220}?[.:](?= |$)/.exec(plain)?.[0];
  return sentence === undefined ? '' : `: ${sentence.replace(/:$/, '.')}`;
}

/** A list of the entries with the first paragraph that each says of itself. */
function entryList(entries: readonly DeclarationReflection[]): CommentDisplayPart[] {
  const items = entries.flatMap((target): CommentDisplayPart[] => [
    { kind: 'text', text: '- ' },
    { kind: 'inline-tag', tag: '@link', text: target.name, target },
    { kind: 'text', text: ': ' },
    ...firstParagraph(target.comment?.summary ?? []),
    { kind: 'text', text: '\n' },
  ]);
  return [{ kind: 'text', text: '\n\n## Entries of the package\n\n' }, ...items, { kind: 'text', text: '\n' }];
}

function firstParagraph(parts: readonly CommentDisplayPart[]): CommentDisplayPart[] {
  const last = parts.findIndex(({ kind, text }) => kind === 'text' && text.includes('\n\n'));
  const whole = last === -1 ? parts : parts.slice(0, last + 1);
  return whole.map(({ kind, text }) => {
    const line = (text.split('\n\n')[0] ?? '').replaceAll('\n', ' ');
    return { kind: 'text', text: kind === 'inline-tag' ? `\`${line}\`` : line };
  });
}

/** Folders are those of docs/; a README is the index of its folder. */
function addressOf(path: string): string {
  const within = path.replace(/^docs\//, '');
  const name = basename(within, '.md').toLowerCase();
  return posix.join(dirname(within), name === 'readme' ? 'index' : name);
}
