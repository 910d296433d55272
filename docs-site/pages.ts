/**
 * What becomes of a page that TypeDoc has rendered: its icons are its own (an icon of another file is not shown from disk), links lead
 * to files instead of folders, and it gets what the theme lacks: a description, the sections, a way past the navigation, and the next
 * document.
 */

import { DocumentReflection, type PageEvent, type Router, type RouterTarget } from 'typedoc';
import { SECTIONS, type Section, type Single } from './contents.ts';
import type { Documents } from './documents.ts';

export class Pages {
  readonly #documents: Documents;
  readonly #router: () => Router;
  readonly #description: string;

  /** `description` is for pages without a text. */
  constructor(documents: Documents, router: () => Router, description: string) {
    this.#documents = documents;
    this.#router = router;
    this.#description = description;
  }

  finish(page: PageEvent): void {
    const document = page.model instanceof DocumentReflection ? page.model : undefined;
    const section = document && this.#documents.sectionOf(document);
    let html = (page.contents ?? '')
      .replaceAll(/"[./]*assets\/icons\.svg#/g, '"#')
      .replaceAll(/ href="((?:\.\.\/)*)(?:\.\/)?(?=[#"])/g, (link, up: string) =>
        up === '' && !link.includes('./') ? link : ` href="${up}index.html`,
      )
      .replace('<div class="col-content">', '<div class="col-content" id="main-content" role="main" tabindex="-1">')
      .replace(/<nav class="tsd-navigation"><a href="[^"]*"[^>]*>[^<]*/, () => this.#navigation(page))
      .replace('<div id="tsd-toolbar-links"></div>', () => this.#toolbar(page))
      .replace('settings">\n<details class="tsd-accordion">', 'settings">\n<details class="tsd-accordion" open>')
      // Text is copied from the lines of a block.
      .replaceAll(/<pre>.*?<\/pre>/gs, (block) => block.replaceAll(/<br\/?>/g, '\n'))
      .replaceAll('<table>', '<div class="wide"><table>')
      .replaceAll('</table>', '</table></div>')
      .replaceAll('<button type="button">Copy', '<button type="button" aria-label="Copy this code">Copy');
    if (document !== undefined)
      html = html.replace(/<ul class="tsd-breadcrumb".*?<\/ul>/s, () => this.#way(page, section));
    if (page.url === 'index.html') html = withCards(html, this.#cards(page));
    page.contents = html.replace(/(?<=<meta name="description" content=")[^"]*/, () => this.#describe(html));
  }

  /** Before and behind a document, within its section. */
  neighbours(page: PageEvent): string {
    const { model } = page;
    const section = model instanceof DocumentReflection ? this.#documents.sectionOf(model) : undefined;
    if (section === undefined || 'document' in section || section.hasEntries) return '';
    const all = [this.#documents.pageOf(section), ...this.#documents.in(section)];
    const at = all.indexOf(model as DocumentReflection);
    const link = (kind: string, target: DocumentReflection | undefined): string =>
      target === undefined
        ? ''
        : `<a class="${kind}" rel="${kind}" href="${this.#url(page, target)}"><span>${kind === 'prev' ? 'Previous' : 'Next'}</span> ${escaped(target.name)}</a>`;
    return `<nav class="neighbours" aria-label="In this section">${link('prev', all[at - 1])}${link('next', all[at + 1])}</nav>`;
  }

  #url(page: PageEvent, target: RouterTarget): string {
    return this.#router().relativeUrl(page.model, target) || page.url.replace(/^.*\//, '');
  }

  #home(page: PageEvent): string {
    return this.#router().baseRelativeUrl(page.model, 'index.html');
  }

  #navigation(page: PageEvent): string {
    const current = page.url === 'index.html' ? ' class="current" aria-current="page"' : '';
    return `<nav class="tsd-navigation" aria-label="Site"><a href="${this.#home(page)}"${current}>Home`;
  }

  /** The sections of several documents but those for contributors: they are what a reader looks for first. */
  #toolbar(page: PageEvent): string {
    const links = SECTIONS.filter((each) => 'folder' in each && each.isMain).map((section) => {
      const target = this.#documents.pageOf(section);
      return target === undefined ? '' : `<a href="${this.#url(page, target)}">${section.title}</a>`;
    });
    return `<nav id="tsd-toolbar-links" aria-label="Sections">${links.join('')}</nav>`;
  }

  #way(page: PageEvent, section: Section | Single | undefined): string {
    const target = section && this.#documents.pageOf(section);
    if (section === undefined || target === undefined || target === page.model) return '';
    return `<ul class="tsd-breadcrumb" aria-label="Breadcrumb"><li><a href="${this.#url(page, target)}">${section.title}</a></li></ul>`;
  }

  #cards(page: PageEvent): string {
    const cards = SECTIONS.map((section) => {
      const target = this.#documents.pageOf(section);
      if (target === undefined || !('folder' in section) || !section.isMain) return '';
      return `<li><a href="${this.#url(page, target)}">${section.title}</a><p>${escaped(section.lead)}</p></li>`;
    });
    const others = SECTIONS.flatMap((section) => {
      const target = this.#documents.pageOf(section);
      return target === undefined || ('folder' in section && section.isMain)
        ? []
        : [`<a href="${this.#url(page, target)}">${section.title}</a>`];
    });
    return `<nav class="cards" aria-label="Ways in"><ul>${cards.join('')}</ul><p>Also: ${others.join(', ')}.</p></nav>\n`;
  }

  /** The first paragraph. */
  #describe(html: string): string {
    const content = html.slice(html.indexOf('id="main-content"'));
    const paragraph = /<p>(.*?)<\/p>/s.exec(content)?.[1] ?? '';
    const text = paragraph
      .replaceAll(/<[^>]*>/g, '')
      .replaceAll(/\s+/g, ' ')
      .replaceAll('"', '&quot;')
      .trim();
    if (text === '') return this.#description;
    return text.length <= 200 ? text : `${text.slice(0, text.lastIndexOf(' ', 199))} …`;
  }
}

/** Behind the first program, or at the end of a text without one. */
function withCards(html: string, cards: string): string {
  const program = html.search(/<pre><code class="[jt]s">/);
  const next = program === -1 ? -1 : html.slice(program).search(/<h[23] /);
  const at = next === -1 ? html.indexOf('<div class="col-sidebar">') : program + next;
  return html.slice(0, at) + cards + html.slice(at);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
