/**
 * Some tests have a long form, with every combination of what they vary, and a short one for `npm test`. `npm run test:long` runs the
 * long form.
 */

export const isLong: boolean = process.env['DUGONG_TEST_LONG'] === '1';
