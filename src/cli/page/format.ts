/** Figures as text, for the page and for its frame. */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

/** Three digits that count, or all of a whole number. */
function short(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(value < 1 ? 2 : 3)));
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** A number and what it counts, as "1 request" and "2 requests". */
export function counted(value: number, singular: string, plural: string = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** In units of 1000, as "1.23 MB". */
export function size(bytes: number): string {
  const unit = Math.min(UNITS.length - 1, bytes < 1000 ? 0 : Math.floor(Math.log10(bytes) / 3));
  return `${short(bytes / 1000 ** unit)} ${UNITS[unit]}`;
}

/** As "0.12 ms", "12.3 ms", "1.23 s", "4 min 5 s". */
export function duration(milliseconds: number): string {
  if (milliseconds < 999.5) return `${short(Math.round(milliseconds * 100) / 100)} ms`;
  if (milliseconds < 119_500) return `${short(milliseconds / 1000)} s`;
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
