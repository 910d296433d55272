/** What no world reaches, and why; by the names that the coverage has for it. */

export const UNREACHED: Readonly<Record<string, string>> = {};
