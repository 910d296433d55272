/** What an await costs that does nothing but let the event loop turn once. */
import { measure } from './measure.mjs';

const turn = () => new Promise((resolve) => setImmediate(resolve));

await measure(async (_path, count) => {
  for (let i = 0; i < count; i++) await turn();
  return 0;
});
