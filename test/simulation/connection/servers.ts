/** The servers and proxies of a plan, and the networks to them. */

import { hosts, type Resolver } from '../kernel/lookups.ts';
import { drawnPath, type Network, type Path, path } from '../network/network.ts';
import type { Random } from '../random.ts';
import { proxy } from '../servers/proxies.ts';
import { type Answer, type SeenRequest, Server, type ServerOptions } from '../servers/servers.ts';
import { coSecure } from '../tls/secure.ts';
import { contentOf, REFUSAL } from './account.ts';
import type { ConnectionPlan, LinkPlan } from './plan.ts';

export const PROXY_PORT = 3128;

/** Addresses of the host of a connection, or of its proxy, both families in turn. */
function addressesOf(index: number, count: number): string[] {
  const all = [`192.0.2.${index + 1}`, `2001:db8::${index + 1}`, `192.0.2.${index + 101}`];
  return all.slice(0, count);
}

export function resolverOf({ links }: ConnectionPlan): Resolver {
  return hosts(
    Object.fromEntries(
      links.flatMap(({ index, addresses }) => {
        const found = addressesOf(index, addresses);
        return ['h', 'p'].map((letter) => [`${letter}${index}.test`, found]);
      }),
    ),
  );
}

/** Starts the server of a connection, behind its proxy if it has one. Returns the server whose log has the requests. */
export function serve(network: Network, link: LinkPlan): Server {
  const reached: Pick<ServerOptions, 'path'> = { path: (random, index) => pathOf(link, random, index) };
  const origin = serverOf(link, link.proxy ? {} : reached);
  const options = { name: `proxy ${link.index}`, ...reached, most: link.most, origins: () => origin };
  const outer = link.proxy ? proxy(options) : origin;
  for (const [index, address] of addressesOf(link.index, link.addresses).entries()) {
    const place = `${address}:${link.proxy ? PROXY_PORT : 80}`;
    network.serve(place, index === 0 ? outer : inOrder(outer));
  }
  return link.proxy && !link.tls ? outer : origin;
}

/** The same server, at an address without faults. */
function inOrder(server: Server): Parameters<Network['serve']>[1] {
  return { name: server.name, path: () => path(), accept: (endpoint) => server.accept(endpoint) };
}

function serverOf(link: LinkPlan, reached: Pick<ServerOptions, 'path'>): Server {
  const requests = new Map(link.requests.map((request) => [String(request.id), request]));
  const requestOf = ({ target }: SeenRequest) => requests.get(/(\d+)-\d+$/.exec(target)?.[1] ?? '');
  const answer = (seen: SeenRequest): Answer => {
    const request = requestOf(seen);
    return { body: contentOf(seen.target, request?.size ?? 0), ...request?.answer };
  };
  return new Server({
    name: `server ${link.index}`,
    answer,
    early: (seen) => (requestOf(seen)?.early ? answer(seen) : undefined),
    most: link.most,
    announce: link.announce,
    expectation: (seen) => {
      if (link.expectation === 'late') return { late: 1500 };
      if (link.expectation !== 'refuse') return link.expectation;
      // A refusal after the client's time limit for the 100 crosses the body on its way.
      const timely = link.network === 'quiet' && link.cut === undefined;
      const refusal: Answer = { ...answer(seen), status: REFUSAL, delay: 0 };
      return { refuse: timely ? refusal : { ...refusal, close: 'announced' }, body: 'none' };
    },
    pace: link.pace,
    ...(link.tls && {
      secure: coSecure({ name: `h${link.index}.test`, flights: link.index === 0 ? 3 : 4, tickets: 1 }),
    }),
    ...reached,
  });
}

function pathOf(link: LinkPlan, random: Random, index: number): Path {
  const drawn = NETWORKS[link.network](random);
  const { connect, cut } = link;
  const { up, down } = drawn;
  const cutNow = cut?.connection === index ? cut : undefined;
  return {
    ...drawn,
    connect: index === 1 ? connect : 'accept',
    up: cutNow?.direction === 'up' ? { cut: cutNow, ...up } : up,
    down: cutNow?.direction === 'down' ? { cut: cutNow, ...down } : down,
  };
}

const NETWORKS: Readonly<Record<LinkPlan['network'], (random: Random) => Path>> = {
  quiet: () => path(),
  uneven: (random) => {
    const direction = () => ({
      latency: random.pick([0, 1, 20, 100]),
      jitter: random.pick([0, 1, 10]),
      bandwidth: random.pick([Number.POSITIVE_INFINITY, 1000, 50]),
      segment: [random.size(60, 1460), 1460] as const,
    });
    return path({ up: direction(), down: direction() });
  },
  tiny: (random) => drawnPath(random),
};
