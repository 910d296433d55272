/** All of this project's own response cases: the neighbours of those in test/data/wire-cases.json. */

import type { WireCase } from '../../support/wire-cases.ts';
import { chunkCases } from './chunk.ts';
import { codingCases } from './coding.ts';
import { headerCases } from './header.ts';
import { interimCases } from './interim.ts';
import { lengthCases } from './length.ts';
import { limitCases } from './limit.ts';
import { noBodyCases } from './no-body.ts';
import { wireCase } from './own-case.ts';
import { persistCases } from './persist.ts';
import { pipelineCases } from './pipeline.ts';
import { smuggleCases } from './smuggle.ts';
import { statusCases } from './status.ts';
import { trailerCases } from './trailer.ts';

export const ownWireCases: readonly WireCase[] = [
  ...lengthCases,
  ...codingCases,
  ...chunkCases,
  ...trailerCases,
  ...noBodyCases,
  ...interimCases,
  ...statusCases,
  ...headerCases,
  ...limitCases,
  ...persistCases,
  ...pipelineCases,
  ...smuggleCases,
].map(wireCase);
