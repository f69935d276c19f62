// Requests, alone and with an init on top.

import { bare, type Case, type Context, createRealm, one } from '../context.ts'

const post = ({ here }: Context, init: RequestInit = {}): Request =>
  new Request(`${here}/echo`, { method: 'POST', body: 'of the request', ...init })

async function used(request: Request): Promise<Request> {
  await request.text()
  return request
}

export const REQUESTS: readonly Case[] = [
  one('a Request', ({ here }) => [new Request(`${here}/echo`)]),
  one('a Request of a path', () => [new Request('/echo?of=a-request', { method: 'POST', body: 'b' })]),
  one('a Request of a path, and an init', () => [new Request('echo'), { method: 'PUT', body: 'b' }]),
  one('a Request and an init with another referrer', ({ here }) => [
    new Request(`${here}/echo`, { referrer: '/elsewhere', referrerPolicy: 'no-referrer' }),
    { referrer: '/other', referrerPolicy: 'unsafe-url' },
  ]),
  one('a Request and an init with another cache mode', ({ there }) => [
    new Request(`${there}/echo`, { cache: 'no-store', referrer: '' }),
    { cache: 'reload' },
  ]),
  one('a Request and an init with another redirect mode', ({ here }) => [
    new Request(`${here}/redirect`, { redirect: 'error' }),
    { redirect: 'follow' },
  ]),
  one('a Request and an init with an integrity that fails', ({ here }) => [
    new Request(`${here}/echo`),
    { integrity: 'sha256-AAAA' },
  ]),
  one('a Request and an init with keepalive', (context) => [post(context), { keepalive: true }]),
  one('a Request and an init with a bad method', (context) => [post(context), { method: 'a b' }]),
  one('a Request and an init with an aborted signal', (context) => [post(context), { signal: AbortSignal.abort() }]),
  one('a Request and an init that changes its mode', ({ there }) => [
    new Request(`${there}/echo`, { mode: 'no-cors' }),
    { mode: 'cors', headers: { 'X-Own': '1' } },
  ]),
  one('a Request of another origin', ({ there }) => [new Request(`${there}/echo`, { headers: { 'X-Own': '1' } })], {
    losesCase: true,
  }),
  one(
    'a Request with headers',
    ({ here }) => [new Request(`${here}/echo`, { headers: { 'X-Own': '1', Accept: 'a/b' } })],
    { losesCase: true },
  ),
  one('a Request with a body', (context) => [post(context)]),
  one('a Request with a body and an empty init', (context) => [post(context), {}]),
  one('a Request with a body and an undefined init', (context) => [post(context), undefined]),
  one('a Request with a body of form data', (context) => {
    const body = new FormData()
    body.append('a', new File(['b'], 'c.txt', { type: 'text/plain' }))
    return [post(context, { body })]
  }),
  one('a Request with a large body', (context) => [post(context, { body: new Uint8Array(3_000_000).fill(7) })]),
  one('a Request with every member', ({ here }) => [
    new Request(`${here}/echo`, {
      method: 'PUT',
      body: 'b',
      cache: 'no-cache',
      credentials: 'omit',
      mode: 'same-origin',
      redirect: 'error',
      referrer: '/elsewhere',
      referrerPolicy: 'unsafe-url',
      integrity: '',
      keepalive: true,
      headers: { 'Content-Language': 'de' },
    }),
  ]),
  one('a Request with a referrer and an init with headers', ({ here }) => [
    new Request(`${here}/echo`, { referrer: '/elsewhere', referrerPolicy: 'unsafe-url' }),
    { headers: { 'X-Other': '2' } },
  ]),
  one('a Request with a referrer and an init of undefined members', ({ here }) => [
    new Request(`${here}/echo`, { referrer: '/elsewhere' }),
    { method: undefined, headers: undefined, signal: undefined },
  ]),
  one('a Request with a referrer and an init of unknown members', ({ here }) => [
    new Request(`${here}/echo`, { referrer: '/elsewhere' }),
    { unknown: true },
  ]),
  one('a Request without a referrer', ({ here }) => [new Request(`${here}/echo`, { referrer: '' })]),
  one('a Request and an init with other headers', (context) => [
    post(context, { headers: { 'X-Own': '1', 'Content-Type': 'a/b' } }),
    { headers: { 'X-Other': '2' } },
  ]),
  one('a Request and an init with empty headers', (context) => [
    post(context, { headers: { 'X-Own': '1' } }),
    { headers: {} },
  ]),
  one('a Request and an init with another method', (context) => [post(context), { method: 'PATCH' }]),
  one('a Request and an init with another body', (context) => [post(context), { body: 'of the init' }], {
    losesCase: true,
  }),
  one('a Request and an init with a null body', (context) => [post(context), { body: null }]),
  one('a Request and an init with GET', (context) => [post(context), { method: 'GET' }]),
  one('a Request and an init with a null signal', (context) => [
    post(context, { signal: AbortSignal.abort() }),
    { signal: null },
  ]),
  one('a Request and an init with credentials', ({ there }) => [
    new Request(`${there}/echo`),
    { credentials: 'include' },
  ]),
  one(
    'a Request of another realm',
    ({ here }) => [new (createRealm().Request)(`${here}/echo`, { headers: { 'X-Own': '1' } })],
    { losesCase: true },
  ),
  one('a Request of another realm with a body', ({ here }) => [
    new (createRealm().Request)(`${here}/echo`, { method: 'PUT', body: 'b' }),
  ]),
  one('a Request of a subclass', ({ here }) => [new (class Own extends Request {})(`${here}/echo`)]),
  one('a Request with members of its own', ({ here }) => [
    Object.defineProperties(new Request(`${here}/echo`), { url: { value: 'x:' }, method: { value: 'PUT' } }),
  ]),
  one('a Request as init', (context) => [`${context.here}/echo`, post(context, { headers: { 'X-Own': '1' } })]),
  one('a Request without a body as init', ({ here }) => [
    `${here}/echo`,
    new Request('/x', { headers: { 'X-Own': '1' } }),
  ]),
  bare('a Request of no CORS', ({ there }) => [new Request(`${there}/echo`, { mode: 'no-cors' })]),
  bare('a Request of a data: URL', () => [new Request('data:,text')]),
  bare('a Request of a foreign origin', ({ away }) => [new Request(`${away}/echo`, { method: 'POST', body: 'b' })]),
  bare('a Request with an Authorization', ({ here }) => [
    new Request(`${here}/echo`, { headers: { Authorization: 'Mine x' } }),
  ]),
  bare('a Request and an init with an Authorization', (context) => [
    post(context),
    { headers: { authorization: 'Mine x' } },
  ]),
  {
    name: 'a Request that was read',
    token: false,
    run: async (context) => context.observe(await used(post(context))),
  },
  {
    name: 'a Request that was read, and an init with a body',
    losesCase: true,
    run: async (context) => context.observe(await used(post(context)), { body: 'of the init' }),
  },
  {
    name: 'a Request whose body is locked',
    token: false,
    run: async (context) => {
      const request = post(context)
      request.body?.getReader()
      return await context.observe(request)
    },
  },
  {
    name: 'the same Request twice',
    run: async (context) => {
      const request = post(context)
      return [await context.observe(request), await context.observe(request)]
    },
  },
  {
    name: 'a Request without a body, twice',
    run: async (context) => {
      const request = new Request(`${context.here}/echo`)
      return [await context.observe(request), await context.observe(request)]
    },
  },
  {
    name: 'a Request and its clone',
    run: async (context) => {
      const request = post(context)
      const clone = request.clone()
      return [await context.observe(request), await context.observe(clone)]
    },
  },
]
