/**
 * Speaks TLS with localhost at the port given, after Object.prototype had what switches the verification off at the moment
 * given, and says what became of it for each form of the option `tls`.
 */

const [port, moment] = process.argv.slice(2);

const SWITCHES = {
  rejectUnauthorized: false,
  checkServerIdentity: () => undefined,
  allowPartialTrustChain: true,
  tls: { rejectUnauthorized: false },
  verify: false,
};

function pollute(): void {
  for (const [name, value] of Object.entries(SWITCHES)) {
    Object.defineProperty(Object.prototype, name, { configurable: true, writable: true, value });
  }
}

function clean(): void {
  for (const name of Object.keys(SWITCHES)) Reflect.deleteProperty(Object.prototype, name);
}

if (moment === 'before loading') pollute();
const { HTTPConnection, TLSContext } = await import('../../src/index.ts');

function verdict(tls: true | Record<string, never>): unknown {
  const connection = new HTTPConnection('localhost', { port: Number(port), tls, lookup: () => ['127.0.0.1'] });
  try {
    connection.connect();
    return 'accepted';
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    connection.disconnect();
  }
}

if (moment === 'before the first context') {
  pollute();
  clean();
}
if (moment === 'with the first context') {
  pollute();
  new TLSContext();
  clean();
}
if (moment === 'after the first context') {
  new TLSContext();
  pollute();
}
const verdicts = { 'tls: true': verdict(true), 'tls: {}': verdict({}) };
clean();
console.log(JSON.stringify(verdicts));
