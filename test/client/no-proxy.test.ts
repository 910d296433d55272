import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isListed } from '../../src/client/no-proxy.ts';

const yes: readonly [url: string, list: string][] = [
  ['http://example.com./', 'example.com'],
  ['http://example.com/', 'example.com.'],
  ['http://sub.example.com./', '.example.com'],
  ['http://sub.example.com./', '*.example.com.'],
  ['http://example.com.:8080/', 'example.com:8080'],
  ['http://example.com:8080/', 'example.com.:8080'],
  ['https://api.svc.cluster.local./', 'svc.cluster.local'],
  ['http://EXAMPLE.com/', 'eXample.COM'],
  ['http://bücher.example/', 'xn--bcher-kva.example'],
  ['http://xn--bcher-kva.example/', 'BÜCHER.example'],
  ['http://a.bücher.example/', '*.bücher.example'],
  ['http://a.example/', ',, a.example\t,'],
  ['http://a.example/', 'b\na.example'],
  ['http://a.example/', 'b,*'],
  ['http://a.example:81/', '*:81'],
  ['http://a.example/', 'a.example:80'],
  ['https://a.example/', 'a.example:443'],
  ['http://127.0.0.1/', '127.0.0.1'],
  ['http://0x7f.1/', '127.0.0.1'],
  ['http://127.0.0.1/', '0x7f000001'],
  ['http://0177.0.0.1/', '127.0.0.1'],
  ['http://127.0.0.1:81/', '127.0.0.1:81'],
  ['http://[::1]/', '::1'],
  ['http://[::1]/', '[::1]'],
  ['http://[::1]/', '0:0:0:0:0:0:0:1'],
  ['http://[0:0::0:1]/', '[0000::0001]'],
  ['http://[2001:DB8::1]/', '2001:db8:0::1'],
  ['http://[::1]:81/', '[::1]:81'],
  ['http://[::1]/', '[0::1]:80'],
  ['http://[::ffff:10.0.0.1]/', '10.0.0.1'],
  ['http://[::ffff:a00:1]/', '10.0.0.0/8'],
  ['http://10.0.0.1/', '::ffff:10.0.0.1'],
  ['http://10.0.0.1/', '::FFFF:10.0.0.0/104'],
  ['http://10.1.2.3/', 'a,10.0.0.0/8'],
  ['http://10.1.2.3/', '10.1.2.3/32'],
  ['http://10.1.2.3/', '0.0.0.0/0'],
  ['http://10.1.2.3:81/', '10.0.0.0/8:81'],
  ['http://[fd00::1]/', 'fd00::/8'],
  ['http://[fd00::1]/', '[fd00::]/8'],
  ['http://[fd00::1]/', '::/0'],
];

const no: readonly [url: string, list: string][] = [
  ['http://a.example/', ''],
  ['http://a.example/', '.'],
  ['http://a.example/', '*.'],
  ['http://a.example/', ':80'],
  ['http://a.example/', '*.a.example'],
  ['http://a.example/', '*ample'],
  ['http://a.example/', 'example.com/a.example'],
  ['http://a.example/', 'a.example/'],
  ['http://a.example/', 'x@a.example'],
  ['http://a.example/', 'http://a.example'],
  ['http://notexample.com./', 'example.com'],
  ['http://example.com.org/', 'example.com'],
  ['http://a.example/', 'b.a.example'],
  ['http://a.example/', 'a.example:81'],
  ['http://a.example/', 'a.example:99999'],
  ['http://a.example:81/', '*:80'],
  ['http://127.0.0.1/', '0.0.1'],
  ['http://127.0.0.1/', '.0.0.1'],
  ['http://127.0.0.1/', 'localhost'],
  ['http://localhost/', '127.0.0.0/8'],
  ['http://127.0.0.1/', '126.0.0.0/8'],
  ['http://10.1.2.3/', '10.0.0.0/33'],
  ['http://10.1.2.3/', '10/8'],
  ['http://8.1.2.3/', '010.0.0.0/8'],
  ['http://10.1.2.3/', '::/0'],
  ['http://10.1.2.3/', '::ffff:10.0.0.0/8'],
  ['http://[::1]/', '0.0.0.0/0'],
  ['http://[::1]/', '::1/129'],
  ['http://[::1]/', '::1%lo'],
  ['http://[::1]:81/', '[::1]:80'],
  ['http://[::1]/', '[::2]'],
];

describe('no_proxy', () => {
  for (const [url, list] of yes) {
    test(`${JSON.stringify(list)} names ${url}`, () => assert.equal(isListed(new URL(url), list), true));
  }
  for (const [url, list] of no) {
    test(`${JSON.stringify(list)} does not name ${url}`, () => assert.equal(isListed(new URL(url), list), false));
  }
});
