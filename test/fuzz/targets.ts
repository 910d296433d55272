/** All targets. */

import { byterangesTarget } from './byteranges-target.ts';
import { conversationTarget } from './conversation-target.ts';
import { requestsTarget } from './requests-target.ts';
import { chunkedTarget, fieldsTarget, limitsTarget, responsesTarget } from './response-targets.ts';
import type { Target } from './target.ts';

export const targets: readonly Target[] = [
  responsesTarget,
  chunkedTarget,
  fieldsTarget,
  limitsTarget,
  byterangesTarget,
  requestsTarget,
  conversationTarget,
];
