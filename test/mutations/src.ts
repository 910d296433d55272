/** All deliberate faults in src/. Each is harm to a user: what changes nothing that a caller or a server could see is not among them. */

import { CLIENT } from './client.ts';
import { FETCH, SYNC } from './fetch.ts';
import { HTTP1 } from './http1.ts';
import { IO } from './io.ts';
import type { Mutation } from './mutation.ts';
import { SCHEDULE } from './schedule.ts';

export const MUTATIONS: readonly Mutation[] = [...HTTP1, ...CLIENT, ...SCHEDULE, ...IO, ...FETCH, ...SYNC];
