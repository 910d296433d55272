/** curl's command line. The time is what curl reports; the CPU time is the shell's `times`, so curl's start is in it. */
import { spawnSync } from 'node:child_process';
import { job, print } from './measure.mjs';

const { path, requests, size } = job.work;
const urls = Array.from(
  { length: requests },
  () => `${job.ca ? 'https' : 'http'}://${job.hostname}:${job.port}${path}`,
);
const outputs = urls.flatMap(() => ['-o', '/dev/null']);
const curl = ['curl', '--silent', '--fail', '--noproxy', '*', '-w', '%{size_download} %{time_total}\\n'];

if (job.ca) curl.push('--cacert', job.ca);

const script = '"$@" && times';
const { status, stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...curl, ...outputs, ...urls], {
  encoding: 'utf8',
});
if (status !== 0) throw new Error(`curl failed: ${stderr}`);

const lines = stdout.trim().split('\n');
const transfers = lines.slice(0, requests).map((line) => line.split(' ').map(Number));
if (transfers.some(([bytes]) => bytes !== size)) throw new Error(`curl got something else: ${stdout}`);
const [user, system] = lines.at(-1).split(' ').map(micros);
const seconds = transfers.reduce((sum, [, time]) => sum + time, 0);
print({ seconds, userMicros: user, systemMicros: system, maxRssKilobytes: null });

/** `1m2.345s` */
function micros(text) {
  const [minutes, rest] = text.split('m');
  return (Number(minutes) * 60 + Number.parseFloat(rest)) * 1e6;
}
