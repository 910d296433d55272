/** The errors of a call as one list with links, in place of a heading for each. */

import {
  Comment,
  type CommentDisplayPart,
  CommentTag,
  type ProjectReflection,
  type Reflection,
  ReflectionKind,
} from 'typedoc';

/** Joins the `@throws` of each comment. An error that the package exports becomes a link. */
export function joinThrows(project: ProjectReflection): void {
  const errors = new Map(project.getReflectionsByKind(ReflectionKind.Class).map((each) => [each.name, each]));
  for (const { comment } of Object.values(project.reflections)) {
    const throws = comment?.getTags('@throws') ?? [];
    if (comment === undefined || throws.length === 0) continue;
    const items = throws.flatMap(({ content }) => [text('- '), ...linked(content, errors), text('\n')]);
    const first = comment.blockTags.findIndex(({ tag }) => tag === '@throws');
    comment.removeTags('@throws');
    comment.blockTags.splice(first, 0, new CommentTag('@throws', items));
  }
}

/** The first word is the name of the class. */
function linked(content: readonly CommentDisplayPart[], errors: ReadonlyMap<string, Reflection>): CommentDisplayPart[] {
  const [first, ...rest] = Comment.cloneDisplayParts(content);
  const { 0: name = '' } = /^\w+/.exec(first?.text ?? '') ?? [];
  const target = errors.get(name);
  if (first?.kind !== 'text' || name === '') return [...(first === undefined ? [] : [first]), ...rest].map(indented);
  const link: CommentDisplayPart =
    target === undefined ? text(`\`${name}\``) : { kind: 'inline-tag', tag: '@linkcode', text: name, target };
  return [link, text(first.text.slice(name.length).replace(/^ - /, ': ')), ...rest].map(indented);
}

/** A part of an item in a list. */
function indented(part: CommentDisplayPart): CommentDisplayPart {
  return { ...part, text: part.text.replaceAll('\n', '\n  ') };
}

function text(content: string): CommentDisplayPart {
  return { kind: 'text', text: content };
}
