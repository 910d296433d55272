/** The table of contents: which documents the site has, in which section, in which order. Titles are the documents' first headings. */

/** Several documents: the section's own page lists them. */
export interface Section {
  readonly title: string;
  /** The folder of the section's own page. A link to the folder of this name in docs/ leads there, too. */
  readonly folder: string;
  /** What a reader finds here. */
  readonly lead: string;
  /** The document that is the section's own page, in place of a list that is made for it. */
  readonly index?: string;
  /** Paths within the repository. */
  readonly documents: readonly string[];
  /** Whether a reader looks for it first. */
  readonly isMain?: true;
  /** Whether the list of the package's entries belongs here. */
  readonly hasEntries?: true;
}

/** A document that is a section of its own. */
export interface Single {
  readonly title: string;
  readonly document: string;
}

export const SECTIONS: readonly (Section | Single)[] = [
  {
    title: 'Tutorial',
    folder: 'tutorial',
    isMain: true,
    lead: 'Seven lessons, each a few small programs: from one blocking call to an event loop of your own.',
    documents: [
      'docs/tutorial/1-blocking-call.md',
      'docs/tutorial/2-pipeline.md',
      'docs/tutorial/3-bodies.md',
      'docs/tutorial/4-errors.md',
      'docs/tutorial/5-coroutines.md',
      'docs/tutorial/6-many-at-once.md',
      'docs/tutorial/7-own-event-loop.md',
    ],
  },
  {
    title: 'How-to',
    folder: 'how-to',
    isMain: true,
    lead: 'Recipes: a task, the program that does it, and what to watch.',
    documents: [
      'docs/how-to/pipeline-ten-thousand.md',
      'docs/how-to/upload-with-100-continue.md',
      'docs/how-to/proxies-and-cas.md',
      'docs/how-to/time-limits-and-cancelling.md',
      'docs/how-to/retry-what-is-lost.md',
      'docs/how-to/several-connections-blocked.md',
      'docs/how-to/own-scheduler.md',
      'docs/how-to/http1-over-any-transport.md',
      'docs/bundling.md',
      'docs/how-to/test-your-code.md',
      'docs/debugging.md',
      'examples/bullmq-worker/README.md',
    ],
  },
  {
    title: 'Explanation',
    folder: 'explanation',
    isMain: true,
    lead: 'How it works, and why it is made so.',
    documents: [
      'docs/explanation/why-coroutines.md',
      'docs/explanation/four-ways-of-waiting.md',
      'docs/explanation/pipelining.md',
      'docs/explanation/blocking-in-node.md',
      'docs/explanation/strict.md',
      'docs/explanation/security.md',
    ],
  },
  {
    title: 'Reference',
    folder: 'reference',
    isMain: true,
    lead: 'Every export of every entry, the command, and tables of what works where.',
    documents: [
      'docs/connections.md',
      'docs/coroutines.md',
      'docs/fetch.md',
      'docs/command.md',
      'docs/ways-of-waiting.md',
      'docs/tls-matrix.md',
      'docs/platforms.md',
      'docs/fetch-differences.md',
      'docs/llhttp-differences.md',
      'docs/state-diagrams.md',
    ],
    hasEntries: true,
  },
  {
    title: 'Moving here',
    folder: 'moving-here',
    isMain: true,
    lead: 'For programs that use another client today: what corresponds to what, and what differs.',
    documents: [
      'docs/moving-here/python-dugong.md',
      'docs/moving-here/sync-fetch-and-sync-request.md',
      'docs/moving-here/undici.md',
      'docs/moving-here/node-http.md',
      'docs/moving-here/got.md',
    ],
  },
  { title: 'Performance', document: 'docs/performance.md' },
  { title: 'Trust', document: 'docs/trust.md' },
  { title: 'Versions', document: 'docs/versions.md' },
  { title: 'Errors', document: 'docs/errors.md' },
  { title: 'Changes', document: 'CHANGELOG.md' },
  {
    title: 'For contributors',
    folder: 'contributors',
    lead: 'How the library is built, what a change must bring, and how to report a vulnerability.',
    documents: [
      'ARCHITECTURE.md',
      'CONTRIBUTING.md',
      'SECURITY.md',
      'test/simulation/README.md',
      'prebuilds/LICENSES.md',
    ],
  },
  {
    title: 'Decisions',
    folder: 'decisions',
    lead: 'One page for each choice that the code alone does not explain: context, decision, consequences.',
    index: 'docs/decisions/README.md',
    documents: [
      'docs/decisions/output-in-the-protocol.md',
      'docs/decisions/one-loop.md',
      'docs/decisions/wait-lists.md',
      'docs/decisions/fair-share.md',
      'docs/decisions/interrupted-senders.md',
      'docs/decisions/early-answers.md',
      'docs/decisions/names.md',
      'docs/decisions/abort.md',
      'docs/decisions/absent-values.md',
      'docs/decisions/bundle.md',
      'docs/decisions/prebuilds.md',
      'docs/decisions/pipelining.md',
      'docs/decisions/documentation-site.md',
    ],
  },
];
