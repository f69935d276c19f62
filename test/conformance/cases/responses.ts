// What servers answer: statuses, redirects, opaque and cached responses, cookies, bodies that break off.

import { bare, type Case, type Context, one } from '../context.ts'

const statuses = [200, 201, 203, 204, 205, 206, 300, 304, 400, 403, 404, 407, 418, 429, 500, 503, 599]
const methods = ['GET', 'HEAD', 'POST', 'PUT']
const redirect = (to: string, code = 302): string => `/redirect?code=${code}&to=${encodeURIComponent(to)}`

const redirects = (name: string, address: (context: Context) => string): Case[] =>
  [301, 302, 303, 307, 308].flatMap((code) =>
    methods.map((method) =>
      one(`a redirect ${code} of ${method} ${name}`, (context) => {
        const body = method === 'POST' || method === 'PUT' ? { body: 'b' } : {}
        return [`${context.here}${redirect(address(context), code)}`, { method, ...body }]
      }),
    ),
  )

async function twice({ here, id, observe }: Context, cache: RequestCache): Promise<unknown> {
  const url = `${here}/cached?${id}`
  return [await observe(url), await observe(url, { cache })]
}

const caches: RequestCache[] = ['default', 'no-store', 'reload', 'no-cache', 'force-cache']

export const RESPONSES: readonly Case[] = [
  ...statuses.map((code) => one(`status ${code}`, ({ here }) => [`${here}/status?code=${code}`])),
  ...[200, 204, 205, 304, 404].map((code) =>
    one(`status ${code} to HEAD`, ({ here }) => [`${here}/status?code=${code}`, { method: 'HEAD' }]),
  ),
  ...[200, 204, 304, 404].map((code) =>
    one(`status ${code} to HEAD of another origin`, ({ there }) => [
      `${there}/status?code=${code}`,
      { method: 'HEAD' },
    ]),
  ),
  ...redirects('within the origin', () => '/echo'),
  ...redirects('to another origin', ({ there }) => `${there}/echo`),
  ...redirects('to a foreign origin', ({ away }) => `${away}/echo`),
  ...['here', 'there', 'away'].map((origin) =>
    bare(`a redirect from a foreign origin to ${origin}`, (context) => [
      `${context.away}${redirect(`${context[origin as 'here']}/echo`)}`,
    ]),
  ),
  one('a redirect from another origin home', ({ here, there }) => [`${there}${redirect(`${here}/echo`)}`]),
  one('a redirect from another origin home, with credentials', ({ here, there }) => [
    `${there}${redirect(`${here}/echo`)}`,
    { credentials: 'include' },
  ]),
  one('a redirect with a fragment', ({ here }) => [`${here}${redirect('/echo')}#part`]),
  one('a redirect to a fragment', ({ here }) => [`${here}${redirect('/echo#other')}#part`]),
  one('a redirect of a Request with a body', ({ here, there }) => [
    new Request(`${here}${redirect(`${there}/echo`, 307)}`, { method: 'POST', body: 'b', headers: { 'X-Own': '1' } }),
  ]),
  one('a redirect back and forth', ({ here, there }) => [`${here}${redirect(`${there}${redirect(`${here}/echo`)}`)}`]),
  one('a redirect of a stream', ({ here }) => [
    `${here}${redirect('/echo', 307)}`,
    { method: 'POST', body: new Blob(['x']).stream(), duplex: 'half' },
  ]),
  one('a redirect to a hiding origin', ({ here, away }) => [`${here}${redirect(`${away}/echo?nocors`)}`]),
  one('a redirect to a data: URL', ({ here }) => [`${here}${redirect('data:,x')}`]),
  one('a redirect to an address with credentials', ({ here, there }) => [
    `${here}${redirect(`${there.replace('//', '//a:b@')}/echo`)}`,
  ]),
  one('a redirect to nowhere', ({ here }) => [`${here}${redirect('http://')}`]),
  one('a redirect in a circle', ({ here }) => [`${here}${redirect('?to=')}`]),
  bare('an opaque response', ({ away }) => [`${away}/echo`, { mode: 'no-cors' }]),
  bare('an opaque response to a POST', ({ there }) => [
    `${there}/echo`,
    { mode: 'no-cors', method: 'POST', body: 'b' },
  ]),
  bare('no CORS with a method that needs it', ({ there }) => [`${there}/echo`, { mode: 'no-cors', method: 'PUT' }]),
  bare('an opaque redirect', ({ away }) => [`${away}${redirect('/echo')}`, { mode: 'no-cors' }]),
  one('a redirect that is left alone', ({ there }) => [`${there}${redirect('/echo')}`, { redirect: 'manual' }]),
  one('an answer for anyone, with credentials', ({ there }) => [`${there}/echo?star`, { credentials: 'include' }]),
  one('an answer for anyone, without', ({ there }) => [`${there}/echo?star`]),
  one('hidden headers', ({ there }) => [`${there}/echo?hidden`]),
  one('a body that breaks off', ({ here }) => [`${here}/cut`]),
  {
    name: 'cookies of the same site',
    run: async ({ here, there, observe }) => {
      const given = await observe(`${here}/cookie`)
      const results = [given]
      for (const credentials of ['omit', 'same-origin', 'include']) {
        results.push(
          await observe(`${here}/cookie`, { credentials }),
          await observe(`${there}/cookie`, { credentials }),
        )
      }
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API has no synchronous deletion.
      document.cookie = 'given=; Path=/cookie; Max-Age=0'
      return results
    },
  },
  ...caches.map((cache): Case => ({ name: `a cached answer, with ${cache}`, run: (context) => twice(context, cache) })),
  {
    name: 'forty calls at once',
    parallel: true,
    run: ({ here, observe }) =>
      Promise.all(Array.from({ length: 40 }, async (_, index) => (await observe(`${here}/echo?${index}`)).result)),
  },
]
