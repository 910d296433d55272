/** A process that says that it is Bun. Argument: a URL's host and port. */

Object.defineProperty(process.versions, 'bun', { value: '1.0.0' });
const { HTTPConnection, createFetch } = await import('../../src/index.ts');
const { fetchSync } = await import('../../src/sync/index.ts');
const [hostname = '', port] = (process.argv[2] ?? '').split(':');
const connection = new HTTPConnection(hostname, { port: Number(port) });
const { promises } = connection;
const calls = [promises.sendRequest('GET', '/'), promises.connect(), createFetch()(`http://${process.argv[2]}/`)];
for (const { status, reason } of (await Promise.allSettled(calls)) as PromiseRejectedResult[]) {
  const { code, cause, message } = reason as { code?: string; cause?: { code: string }; message: string };
  console.log(status, code ?? cause?.code, message.includes('Node.js'));
}
process.on('SIGUSR2', () => {});
process.kill(process.pid, 'SIGUSR2');
console.log(connection.pendingRequests().length, fetchSync(`http://${process.argv[2]}/`, { proxy: false }).text());
