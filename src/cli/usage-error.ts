/**
 * An error in the command line, the configuration file or the list. It imports nothing, so that it costs nothing.
 */

/** What was asked for makes no sense. The message says what is wrong and how to correct it, and shows no secret. */
export class UsageError extends Error {}

/** The reason of an error, for a message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
