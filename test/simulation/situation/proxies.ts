/** Situations in which the client speaks TLS with a proxy, and perhaps with the server behind it, too. */

import { ConnectionClosed, ConnectionTimedOut, HTTPConnection, TLSError } from '../client.ts';
import { coSecure } from '../tls/secure.ts';
import { response, type Situation, TLS } from './stage.ts';

const BODY = Buffer.from('through the proxy');

const securedProxy: Situation = {
  name: 'a proxy that speaks TLS',
  clear: true,
  play(stage) {
    const { random } = stage;
    const end = random.pick(['works', 'works', 'refuses', 'goes', 'is silent'] as const);
    const tunnel = random.chance(0.5);
    const ms = random.between(50, 500);
    stage.serve(
      function* (talk) {
        if (end === 'goes') return;
        if (end === 'is silent') {
          yield* talk.sleep(10_000);
          return;
        }
        const flights = random.pick([3, 4] as const);
        if (!(yield* coSecure({ name: stage.hostname, refuses: end === 'refuses', flights })(talk))) return;
        if (tunnel) {
          const head = yield* stage.coHead(talk);
          stage.expect(head === 'CONNECT origin.test:443', `the proxy is asked for a tunnel by ${head}`);
          yield* talk.send(Buffer.from('HTTP/1.1 200 Scripted\r\n\r\n'));
          if (!(yield* coSecure({ name: 'origin.test' })(talk))) return;
        }
        const head = yield* stage.coHead(talk);
        const target = tunnel ? '/' : 'http://origin.test/';
        stage.expect(head === `GET ${target}`, `the server is asked for ${head}`);
        yield* talk.send(response(200, BODY));
        yield* stage.coHead(talk);
      },
      {},
      { clear: true },
    );
    return [
      (function* () {
        const proxy = { hostname: stage.hostname, port: 80, tls: TLS };
        const options = { proxy, connectTimeout: ms, ...(tunnel && { tls: TLS }) };
        using connection = new HTTPConnection('origin.test', options);
        if (end === 'works') {
          yield* stage.coInTime('a proxy that speaks TLS', connection.coConnect());
          yield* connection.coSendRequest('GET', '/');
          yield* connection.coReadResponse();
          return stage.expect((yield* connection.coReadAll()).equals(BODY), 'the answer is another one');
        }
        const error = yield* stage.coError('a proxy that speaks no TLS', connection.coConnect());
        const phase = error instanceof ConnectionClosed || error instanceof ConnectionTimedOut ? error.phase : '';
        const right = end === 'refuses' ? error instanceof TLSError : phase === 'proxy-handshake';
        stage.expect(right, `a proxy that ${end}: ${error}`);
      })(),
    ];
  },
};

export const PROXIES: readonly Situation[] = [securedProxy];
