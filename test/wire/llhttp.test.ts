/**
 * This client beside Node's own, over all response cases and over spoilt responses: where they differ, and nowhere else, the
 * table in docs/llhttp-differences.md says so. It does not ask which is right; the table's column "why" does.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { spoilt } from '../properties/messages.ts';
import { checkAsync } from '../properties/property.ts';
import { difference, nodeVerdict, ourVerdict, type Verdict } from '../support/llhttp-verdict.ts';
import { wireCases } from '../support/wire-cases.ts';

type Difference = NonNullable<ReturnType<typeof difference>>;

/** A class of differences. */
interface Row {
  readonly kind: Difference;
  readonly what: string;
  readonly signs: readonly RegExp[];
  /** Ids of cases; a star stands for any characters. Behind it may stand which versions of llhttp differ. */
  readonly cases: readonly string[];
}

const SECTIONS: Readonly<Record<string, Difference>> = {
  'This client accepts, Node refuses': 'Node refuses',
  'Node accepts, this client refuses': 'we refuse',
  'Both accept, and read different messages': 'read differently',
};

function rowsOf(markdown: string): Row[] {
  return Object.entries(SECTIONS).flatMap(([title, kind]) => {
    const section = markdown.split(`## ${title}\n`)[1]?.split('\n## ')[0];
    assert.ok(section, `there is no section "${title}"`);
    const lines = section.split('\n').filter((line) => line.startsWith('| '));
    return lines.slice(2).map((line) => {
      const [what = '', , , signs = '', cases = ''] = line.slice(2, -2).split(' | ');
      return {
        kind,
        what,
        signs: Array.from(signs.matchAll(/`([^`]+)`/g), ([, sign = '']) => new RegExp(sign, 'i')),
        cases: cases.split(', '),
      };
    });
  });
}

const rows = rowsOf(readFileSync(new URL('../../docs/llhttp-differences.md', import.meta.url), 'utf8'));

const LLHTTP = process.versions.llhttp ?? '';

/** As a number that versions can be compared by. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major * 1000 + minor;
}

const ONLY_WITH = / \(llhttp (<|>=) ([0-9]+\.[0-9]+)\)$/;

/** Whether what is listed so differs with the llhttp of this Node. */
function appliesHere(listed: string): boolean {
  const [, comparison, version] = ONLY_WITH.exec(listed) ?? [];
  if (version === undefined) return true;
  const older = versionNumber(LLHTTP) < versionNumber(version);
  return older === (comparison === '<');
}

/** The ids that a row's entry stands for, all of them in the cases, whether they differ here or not. */
function idsOf(listed: string): string[] {
  const pattern = listed.replace(ONLY_WITH, '');
  const escaped = pattern.replace(/[.+?^${}()[\]\\]/g, '\\$&').replaceAll('*', '.*');
  const matches = new RegExp(`^${escaped}$`);
  const ids = wireCases.map(({ id }) => id).filter((id) => matches.test(id));
  assert.ok(ids.length > 0, `there is no case ${pattern}`);
  return appliesHere(listed) ? ids : [];
}

interface Compared {
  readonly kind: Difference | undefined;
  /** For messages. */
  readonly said: string;
}

async function compare(method: string, wire: Buffer, ending: 'close' | 'reset'): Promise<Compared> {
  const ours = ourVerdict(method, wire, ending);
  const nodes = await nodeVerdict(method, wire, ending);
  return { kind: difference(ours, nodes), said: `we: ${shown(ours)}\nNode: ${shown(nodes)}` };
}

function shown(verdict: Verdict): string {
  if (!verdict.accepted) return verdict.reason;
  return `${verdict.status} ${JSON.stringify(verdict.body.slice(0, 100))}`;
}

/** How each case differs, found out once. */
let found: Promise<[id: string, kind: Difference | undefined][]> | undefined;

function differences(): NonNullable<typeof found> {
  found ??= Promise.all(
    wireCases.map(async ({ id, request, response_base64, then }) => {
      const wire = Buffer.from(response_base64, 'base64');
      return [id, (await compare(request.method, wire, then === 'reset' ? 'reset' : 'close')).kind];
    }),
  );
  return found;
}

/** Node 20.19 has llhttp 8.1, a much laxer parser that the table is not about. */
const TABLE_BEGINS = '9.3';
const tooOld = versionNumber(LLHTTP) < versionNumber(TABLE_BEGINS);
const skip = tooOld && `the table begins with llhttp ${TABLE_BEGINS}, this Node has ${LLHTTP}`;

suite('this client and Node differ as the table says [docs/llhttp-differences.md]', { skip }, () => {
  for (const kind of Object.values(SECTIONS)) {
    test(`the cases of "${kind}" are just those that are listed`, async () => {
      const listed = rows.filter((row) => row.kind === kind).flatMap((row) => row.cases.flatMap(idsOf));
      const found = (await differences()).flatMap(([id, found]) => (found === kind ? [id] : []));
      assert.deepEqual(found.sort(), [...new Set(listed)].sort());
    });
  }

  test('each difference in spoilt responses has the sign of a class that is listed', async () => {
    await checkAsync(
      fc.asyncProperty(fc.constantFrom('GET', 'GET', 'HEAD'), spoilt, async (method, wire) => {
        const { kind, said } = await compare(method, Buffer.from(wire, 'latin1'), 'close');
        if (kind === undefined) return;
        // What is framed in another way may as well be refused for it.
        const known = rows
          .filter((row) => row.kind === kind || row.kind === 'read differently')
          .flatMap((row) => row.signs);
        const evidence = `${method}\n${said}\n${wire}`;
        assert.ok(
          known.some((sign) => sign.test(evidence)),
          `${kind}\n${said}\n${JSON.stringify(wire)}`,
        );
      }),
      400,
    );
  });
});
