/** Builds the documentation site into docs/site: `npm run docs`. A warning fails it. */

import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Application, Converter, JSX, PageEvent, type Reflection, ReflectionKind, type Router } from 'typedoc';
import { Documents } from './documents.ts';
import { nameCodeInHeadings } from './headings.ts';
import { Pages } from './pages.ts';
import { routerFor, themeFor } from './theme.ts';
import { joinThrows } from './throws.ts';

const repository = fileURLToPath(new URL('..', import.meta.url));
const out = join(repository, 'docs/site');
const inRepository = (path: string): string => join(repository, path);

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
}

const { version, description, exports } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as Manifest;
/** The names of the package's entries, by their modules. */
const entries = new Map(
  Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [[target.types.replace('./dist/', 'src/').replace('.d.ts', '.ts'), `dugong${name.slice(1)}`] as const],
  ),
);

function raw(html: string): JSX.Element {
  return JSX.createElement(JSX.Raw, { html });
}

function isOfParameter(reflection: Reflection): boolean {
  return (
    reflection.kindOf(ReflectionKind.Parameter) || (reflection.parent !== undefined && isOfParameter(reflection.parent))
  );
}

/** Of names that several have, a search finds the connection's first. */
function preferInSearch(member: Reflection): true {
  if (member.isDeclaration()) member.relevanceBoost = 1.5;
  return true;
}

const app = await Application.bootstrap({
  entryPoints: [...entries.keys()].map(inRepository),
  tsconfig: inRepository('tsconfig.build.json'),
  basePath: repository,
  name: 'dugong',
  readme: inRepository('README.md'),
  out,
  theme: 'dugong',
  router: 'dugong',
  logLevel: 'Warn',
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludeProtected: true,
  githubPages: false,
  headings: { readme: false, document: false },
  favicon: inRepository('docs-site/icon.svg'),
  customCss: inRepository('docs-site/site.css'),
  customJs: inRepository('docs-site/page.js'),
  customFooterHtml: `dugong ${version}, MIT License`,
  hideGenerator: true,
  includeHierarchySummary: false,
  markdownItOptions: { html: true, linkify: false },
  markdownItLoader: nameCodeInHeadings,
  markdownLinkExternal: false,
  navigation: { includeCategories: false, includeGroups: true, includeFolders: false, excludeReferences: true },
  searchInComments: true,
  searchInDocuments: true,
  skipErrorChecking: true,
  useFirstParagraphOfCommentAsSummary: true,
  sortEntryPoints: false,
  visibilityFilters: {},
  lightHighlightTheme: 'github-light-high-contrast',
  darkHighlightTheme: 'github-dark-high-contrast',
  highlightLanguages: [
    'bash',
    'console',
    'css',
    'diff',
    'docker',
    'html',
    'javascript',
    'json',
    'python',
    'typescript',
    'yaml',
  ],
  validation: { invalidLink: true, invalidPath: true, notDocumented: true, notExported: true, rewrittenLink: true },
});

const start = Date.now();
const documents = new Documents(repository, (message) => app.logger.warn(message as never));
app.renderer.defineTheme('dugong', themeFor(documents));
app.renderer.defineRouter('dugong', routerFor(documents));
app.converter.on(Converter.EVENT_BEGIN, ({ project }) => documents.addAll(project, app.converter));
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, (context) => {
  const { project } = context;
  const modules = project.getReflectionsByKind(ReflectionKind.Module).filter((each) => each.isDeclaration());
  for (const module of modules) {
    const file = context.getSymbolFromReflection(module)?.declarations?.[0]?.getSourceFile().fileName ?? '';
    module.name = entries.get(relative(repository, file)) ?? module.name;
    const connection = module.getChildByName('HTTPConnection');
    if (connection?.kindOf(ReflectionKind.Class)) connection.traverse(preferInSearch);
  }
  documents.addIndexes(project, app.converter, modules);
  documents.addLinked(project, app.converter);
  joinThrows(project);
});
const pages = new Pages(documents, () => app.renderer.router as Router, description);
app.renderer.on(PageEvent.END, (page) => pages.finish(page));
app.renderer.hooks.on('body.begin', () => raw('<a class="skip" href="#main-content">Skip to the content</a>'));
// The title is above, already.
app.renderer.hooks.on('pageSidebar.begin', ({ page }) => {
  for (const section of page.pageSections) section.headings = section.headings.filter(({ level }) => level !== 1);
  return raw('');
});
app.renderer.hooks.on('content.end', ({ page }) => raw(pages.neighbours(page)));
const project = await app.convert();
if (project === undefined) process.exit(1);
// What has a type without a name explains the properties of that.
const explained = project
  .getReflectionsByKind(ReflectionKind.Property)
  .filter(
    (each) => each.parent?.kindOf(ReflectionKind.TypeLiteral) && each.comment === undefined && !isOfParameter(each),
  );
app.options.setValue('intentionallyNotDocumented', [...new Set(explained.map((each) => each.getFriendlyFullName()))]);
app.validate(project);
await app.generateOutputs(project);
const seconds = ((Date.now() - start) / 1000).toFixed(0);
if (app.logger.hasErrors() || app.logger.hasWarnings()) process.exit(1);
console.log(`The documentation is in ${relative(process.cwd(), join(out, 'index.html'))} (${seconds} s).`);
