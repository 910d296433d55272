/**
 * Cookies in files of Netscape's format, as curl reads and writes them. The rules of cookies (RFC 6265) are those of the package
 * tough-cookie, which is loaded when cookies are asked for. Texts have a character for each byte, as fields have.
 */

import { existsSync, readFileSync } from 'node:fs';
import type { Cookie, CookieJar } from 'tough-cookie';
import { onFile, writeWhole } from './local-file.ts';

/** The files of a jar. */
export interface CookieFiles {
  /** Files to read. The one that is also written need not be there. */
  readonly read?: readonly string[];
  /** The file that {@link Cookies.save} writes; -: standard output. */
  readonly write?: string;
}

/** The cookies of a run. */
export interface Cookies {
  /** The value of the Cookie field for a URL; undefined if there is none. */
  header(url: URL | string): string | undefined;
  /** Takes Set-Cookie fields of a response from `url`. What the rules refuse is left out. */
  store(setCookies: readonly string[], url: URL | string): void;
  /** Writes the jar, if there is one to write. @throws LocalFileError */
  save(): void;
}

/** Opens a jar. @throws LocalFileError if a file cannot be read */
export async function openCookieJar({ read = [], write }: CookieFiles = {}): Promise<Cookies> {
  const { Cookie, CookieJar } = await import('tough-cookie');
  // Public suffixes, as `co.uk`, are refused as domains.
  const jar = new CookieJar(undefined, { rejectPublicSuffixes: true, prefixSecurity: 'silent' });
  for (const path of read) {
    // It may be the first run.
    const lines = path === write && !existsSync(path) ? [] : linesOf(path);
    for (const line of lines) addLine(jar, Cookie, line);
  }
  return {
    header: (url) => jar.getCookieStringSync(String(url)) || undefined,
    store(setCookies, url) {
      for (const cookie of setCookies) {
        if (!hidesSecure(jar, Cookie.parse(cookie)?.key, String(url))) {
          jar.setCookieSync(cookie, String(url), { ignoreError: true });
        }
      }
    },
    save() {
      // Cookies are secrets.
      if (write !== undefined) writeWhole(write, Buffer.from(fileOf(jar, Cookie), 'latin1'), { mode: 0o600 });
    },
  };
}

/** Whether a response over http: would replace or hide a cookie that only https: may set (RFC 6265bis 5.7), which the package allows. */
function hidesSecure(jar: CookieJar, name: string | undefined, url: string): boolean {
  if (!url.startsWith('http:')) return false;
  const known = jar.getCookiesSync(url.replace('http:', 'https:'), { allPaths: true });
  return known.some(({ key, secure }) => secure && key === name);
}

function linesOf(path: string): string[] {
  return onFile(path, () => readFileSync(path, 'latin1')).split(/\r?\n/);
}

const HTTP_ONLY = '#HttpOnly_';
/** A control character cannot be sent, nor written. */
const CONTROL = /[^\x20-\x7e\x80-\xff]/;

/** Adds the cookie of a line: domain, whether subdomains count, path, whether TLS is needed, expiry, name, value. */
function addLine(jar: CookieJar, Class: typeof Cookie, line: string): void {
  const httpOnly = line.startsWith(HTTP_ONLY);
  if (line.startsWith('#') && !httpOnly) return;
  const [domain = '', subdomains, path = '/', secure, expiry, key = '', value = ''] = (
    httpOnly ? line.slice(HTTP_ONLY.length) : line
  ).split('\t');
  const host = domain.replace(/^\./, '');
  const expires = Number(expiry);
  if (expiry === undefined || !Number.isInteger(expires) || [host, path, key, value].some((text) => CONTROL.test(text)))
    return;
  const url = `${isTrue(secure) ? 'https' : 'http'}://${host}/`;
  if (host === '' || !URL.canParse(url)) return;
  const cookie = new Class({
    ...{ key, value, path, httpOnly, secure: isTrue(secure), pathIsDefault: false },
    ...(isTrue(subdomains) && { domain: host }),
    // 0: until the end of the session.
    ...(expires !== 0 && { expires: new Date(expires * 1000) }),
  });
  jar.setCookieSync(cookie, url, { ignoreError: true });
}

const WORDS = ['FALSE', 'TRUE'];

function isTrue(word: string | undefined): boolean {
  return word?.toUpperCase() === 'TRUE';
}

function fileOf(jar: CookieJar, Class: typeof Cookie): string {
  const { cookies } = jar.serializeSync() ?? { cookies: [] };
  const lines = cookies
    .map((each) => Class.fromJSON(each))
    .map((cookie) => (cookie === undefined ? '' : lineOf(cookie)));
  return `# Netscape HTTP Cookie File\n# Written by dugong\n\n${lines.join('')}`;
}

/** The line of a cookie; empty for one that has expired or cannot be written. */
function lineOf(cookie: Cookie): string {
  const { domain, hostOnly, path, secure, httpOnly, key, value } = cookie;
  const expiry = cookie.expiryTime();
  if (domain === null || [path ?? '', key, value].some((text) => CONTROL.test(text))) return '';
  if (expiry !== undefined && expiry <= Date.now()) return '';
  const expires = expiry === undefined || !Number.isFinite(expiry) ? 0 : Math.floor(expiry / 1000);
  const flags = [hostOnly ? domain : `.${domain}`, WORDS[Number(!hostOnly)], path ?? '/', WORDS[Number(secure)]];
  return `${httpOnly ? HTTP_ONLY : ''}${[...flags, expires, key, value].join('\t')}\n`;
}
