/**
 * URLs as people type them.
 */

import { UsageError } from './usage-error.ts';

/** A host without a scheme: with a dot, a port or brackets, or localhost; so a misplaced word is not taken for a host. */
const BARE_HOST =
  /^(?:localhost|[^\s/?#:@[\]]+\.[^\s/?#:@[\]]+|\[[\da-f:.]+\])(?::\d+)?(?:[/?#]|$)|^[^\s/?#:@[\].]+:\d+(?:[/?#]|$)/i;

/** The URL; without a scheme, http:// is meant. @throws UsageError, which hides user name and password */
export function parseURL(text: string): URL {
  const whole = BARE_HOST.test(text) && !text.startsWith('.') ? `http://${text}` : text;
  const url = URL.parse(whole);
  if (url === null)
    throw new UsageError(`${shownURL(text) || '""'} is no URL: one looks like http://localhost:8080/index.html`);
  // URL.parse() leaves out line breaks and tabs.
  if (/\p{Cc}/u.test(text)) throw new UsageError(`${shownURL(text)}: a URL has no control characters, as line breaks`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new UsageError(`${shownURL(text)}: only http:// and https:// URLs can be fetched`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(`${url.host}: give user name and password with -u or -n, not in the URL`);
  }
  return url;
}

/** Hides the user name and password before an "@". */
export function shownURL(text: string): string {
  return text.replace(/^(.*:\/\/)?.*@/s, '$1***@');
}

/** A URL for messages, without the user names and passwords that may be in it, or in URLs in its path. */
export function withoutUserinfo(url: string): string {
  return url.replaceAll(/\/\/[^\s/?#"<>]*@/g, '//***@');
}
