/** TypeDoc's own theme, with the sections of contents.ts in its navigation. */

import {
  DefaultTheme,
  type DocumentReflection,
  KindRouter,
  type NavigationElement,
  type PageDefinition,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
  Slugger,
} from 'typedoc';
import { SECTIONS } from './contents.ts';
import type { Documents } from './documents.ts';

/** A theme for TypeDoc's renderer. */
export function themeFor(documents: Documents): typeof DefaultTheme {
  return class extends DefaultTheme {
    override buildNavigation(project: ProjectReflection): NavigationElement[] {
      const entries = super.buildNavigation(project).flatMap(entriesIn);
      const leaf = (document: DocumentReflection): NavigationElement => ({
        text: document.name,
        path: this.router.getFullUrl(document),
      });
      return SECTIONS.flatMap((section): NavigationElement[] => {
        const page = documents.pageOf(section);
        if (page === undefined) return [];
        const element = { text: section.title, path: this.router.getFullUrl(page) };
        if ('document' in section) return [element];
        const children = [...(section.hasEntries ? entries : []), ...documents.in(section).map(leaf)];
        return [children.length === 0 ? element : { ...element, children }];
      });
    }
  };
}

/** The entries of the package, which may be in a group. */
function entriesIn(element: NavigationElement): NavigationElement[] {
  return element.kind === ReflectionKind.Module ? [element] : (element.children ?? []).flatMap(entriesIn);
}

/** Addresses of pages: documents are where they are in docs/, declarations where TypeDoc has them. */
export function routerFor(documents: Documents): typeof KindRouter {
  return class extends KindRouter {
    override buildPages(project: ProjectReflection): PageDefinition[] {
      const pages = super.buildPages(project);
      for (const document of project.documents ?? [])
        this.sluggers.set(document, new HeadingSlugger({ lowercase: true }));
      // The list of everything: the sections have it.
      return pages.filter(({ url }) => url !== 'modules.html');
    }

    protected override getIdealBaseName(reflection: Reflection): string {
      const address = reflection.isDocument() ? documents.addressOf(reflection) : undefined;
      return address ?? super.getIdealBaseName(reflection);
    }
  };
}

/** Names headings as repositories' pages do, so that a link to a heading leads there in both. */
class HeadingSlugger extends Slugger {
  readonly #seen = new Map<string, number>();
  readonly #anchors = new Set<string>();

  override slug(heading: string): string {
    const name = heading
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '')
      .replaceAll(' ', '-');
    const count = this.#seen.get(name) ?? 0;
    this.#seen.set(name, count + 1);
    const anchor = count === 0 ? name : `${name}-${count}`;
    this.#anchors.add(anchor);
    return anchor;
  }

  override hasAnchor(anchor: string): boolean {
    return this.#anchors.has(anchor);
  }

  override getSimilarAnchors(): string[] {
    return [...this.#anchors];
  }
}
