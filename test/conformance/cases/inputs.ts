// What may be asked for: strings, URLs and Requests, and what is none of them.

import { bare, type Case, createRealm, one } from '../context.ts'

const spelled = (text: string): object => ({ toString: () => text })

export const INPUTS: readonly Case[] = [
  one('a string', ({ here }) => [`${here}/echo`]),
  one('a path', () => ['/echo?a=b&c=%20d']),
  one('a relative path', () => ['echo']),
  one('an empty string', () => ['']),
  one('a fragment', ({ here }) => [`${here}/echo#part`]),
  one('a path with white space and backslashes', () => [' \t/x/..\\echo\n?a b']),
  one('a protocol-relative address', ({ there }) => [there.slice('http:'.length).concat('/echo')]),
  one('an address in capitals', ({ here }) => [`${here.toUpperCase()}/echo`]),
  one('a URL', ({ here }) => [new URL('/echo?u', here)]),
  one('a URL of another realm', ({ here }) => [new (createRealm().URL)('/echo?u', here)]),
  one('an init of another realm', ({ here }) => {
    const { Object: Other, Headers: OtherHeaders } = createRealm()
    const init = new Other() as RequestInit
    return [`${here}/echo`, Other.assign(init, { method: 'PUT', headers: new OtherHeaders({ 'X-Own': '1' }) })]
  }),
  one('a location', () => [location]),
  one('an object that spells an address', ({ here }) => [spelled(`${here}/echo?spelled`)]),
  one('another origin', ({ there }) => [`${there}/echo`]),
  bare('a foreign origin', ({ away }) => [`${away}/echo`]),
  bare('a foreign origin that hides', ({ away }) => [`${away}/echo?nocors`]),
  one('another origin that hides', ({ there }) => [`${there}/echo?nocors`]),
  bare('no address at all', () => ['http://']),
  bare('an address with a space in the host', () => ['http://a b/']),
  bare('an address with credentials', ({ here }) => [here.replace('//', '//user:password@')]),
  bare('a port where nobody listens', () => ['http://localhost:1/echo']),
  bare('a scheme of no network', () => ['javascript:alert(1)']),
  bare('about:blank', () => ['about:blank']),
  bare('a file', () => ['file:///etc/hostname']),
  bare('a data: URL', () => ['data:text/plain;charset=utf-8,some%20data']),
  bare('a HEAD of a data: URL', () => ['data:text/plain,some', { method: 'HEAD' }]),
  bare('a Request of a blob: URL', () => [new Request(URL.createObjectURL(new Blob(['a blob'])))]),
  bare('a POST to a blob: URL', () => [URL.createObjectURL(new Blob(['a blob'])), { method: 'POST', body: 'b' }]),
  bare('a blob: URL of another origin', ({ there }) => [`blob:${there}/00000000-0000-4000-8000-000000000000`]),
  bare('a blob: URL within another', ({ here }) => [`blob:blob:${here}/00000000-0000-4000-8000-000000000000`]),
  bare('a filesystem: URL', ({ here }) => [`filesystem:${here}/temporary/file`]),
  bare('a WebSocket', ({ here }) => [here.replace('http', 'ws')]),
  bare('a host with a trailing dot', ({ here }) => [`${here.replace('localhost', 'localhost.')}/echo?dot`]),
  bare('a host that is no name', ({ here }) => [`${here.replace('localhost', 'xn--')}/echo`]),
  bare('a port that is blocked', () => ['http://localhost:25/']),
  bare('a port that is none', () => ['http://localhost:99999/']),
  bare('a data: URL that is none', () => ['data:']),
  bare('a POST to a data: URL', () => ['data:,x', { method: 'POST', body: 'x' }]),
  bare('a blob: URL', () => [URL.createObjectURL(new Blob(['a blob'], { type: 'text/x-blob' }))]),
  bare('a range of a blob: URL', () => [
    URL.createObjectURL(new Blob(['a blob'])),
    { headers: { Range: 'bytes=2-3' } },
  ]),
  bare('a blob: URL that is revoked', () => {
    const url = URL.createObjectURL(new Blob(['a blob']))
    URL.revokeObjectURL(url)
    return [url]
  }),
  bare('no arguments', () => []),
  one('undefined', () => [undefined]),
  one('null', () => [null]),
  one('a number', () => [404]),
  one('an empty object', () => [{}]),
  one('an array', ({ here }) => [[`${here}/echo?array`]]),
  bare('a symbol', () => [Symbol('echo')]),
  bare('an object without a prototype', () => [Object.create(null)]),
  bare('an object that throws as it is spelled', () => [
    {
      toString() {
        throw new RangeError('no spelling')
      },
    },
  ]),
  one('an object that is spelled by toPrimitive', ({ here }) => [{ [Symbol.toPrimitive]: () => `${here}/echo?p` }]),
  one('a prototype of Request alone', () => [Object.create(Request.prototype, { toString: { value: () => '/echo' } })]),
  one('a Proxy of a Request', ({ here }) => [new Proxy(new Request(`${here}/echo`), {})]),
  one('an init as input', ({ here }) => [{ url: `${here}/echo` }]),
  ...[0, '', 'GET', true, Symbol('init'), 1n].map((init) =>
    bare(`${typeof init} ${String(init)} as init`, ({ here }) => [`${here}/echo`, init]),
  ),
  one('null as init', ({ here }) => [`${here}/echo`, null]),
  one('undefined as init', ({ here }) => [`${here}/echo`, undefined]),
  bare('a function as init', ({ here }) => [`${here}/echo`, Object.assign(() => {}, { method: 'PUT', body: 'f' })]),
  one('a third argument', ({ here }) => [`${here}/echo`, {}, 'more']),
]
