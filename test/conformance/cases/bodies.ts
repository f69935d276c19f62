// Every type of body.

import { type Case, type Context, createRealm, one } from '../context.ts'

const text = 'a=b&c=\u00e9\u{1f511}'
const bytes = (): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

function form(): FormData {
  const data = new FormData()
  data.append('text', text)
  data.append('text', 'again\r\n')
  data.append('file', new File([bytes()], 'na"me.bin', { type: 'application/x-own' }))
  data.append('blob', new Blob(['x']))
  return data
}

const BODIES: Readonly<Record<string, () => unknown>> = {
  'a string': () => text,
  'an empty string': () => '',
  'a lone surrogate': () => 'x\ud800y',
  null: () => null,
  undefined: () => undefined,
  'a number': () => 42,
  'an object': () => ({ a: 1 }),
  'an array': () => [1, 2],
  'a String object': () => new String(text),
  'a URLSearchParams': () => new URLSearchParams({ a: text, b: '' }),
  'a FormData': form,
  'an empty FormData': () => new FormData(),
  'a Blob with a type': () => new Blob([text], { type: 'text/x-own' }),
  'a Blob without a type': () => new Blob([text]),
  'an empty Blob': () => new Blob(),
  'a slice of a Blob': () => new Blob([text]).slice(2, 5, 'a/b'),
  'a File': () => new File([text], 'name', { type: 'text/x-file' }),
  'an ArrayBuffer': () => bytes().buffer,
  'a Uint8Array that is a part': () => bytes().subarray(2, 6),
  'a Float64Array': () => new Float64Array([1, 2.5]),
  'a DataView': () => new DataView(bytes().buffer, 1, 3),
  'a resizable ArrayBuffer': () => Reflect.construct(ArrayBuffer, [4, { maxByteLength: 8 }]),
  'a SharedArrayBuffer': () => new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
  'a detached ArrayBuffer': () => {
    const { buffer } = bytes()
    structuredClone(buffer, { transfer: [buffer] })
    return buffer
  },
  'two megabytes': () => new Uint8Array(2_000_000).fill(65),
  'a symbol': () => Symbol('body'),
  'an object that throws as it is spelled': () => ({
    toString() {
      throw new RangeError('no spelling')
    },
  }),
  'a Blob of another realm': () => new (createRealm().Blob)([text], { type: 'a/b' }),
  'a FormData of another realm': () => {
    const data = new (createRealm().FormData)()
    data.append('a', 'b')
    return data
  },
  'a Uint8Array of another realm': () => new (createRealm().Uint8Array)([65, 66]),
  'a Proxy of a Blob': () => new Proxy(new Blob([text]), {}),
  'a generator': () => (async function* () {})(),
  'a ReadableStream': () => new Blob([text]).stream(),
}

const bodyCases = (origin: 'here' | 'there', method: string): Case[] =>
  Object.entries(BODIES).map(([name, make]) =>
    one(
      `${method} with ${name}, ${origin}`,
      (context: Context) => [`${context[origin]}/echo`, { method, body: make() }],
      // Other engines read it as a stream.
      name === 'a generator' ? { unlike: 'what may be a stream is sent once' } : {},
    ),
  )

const stream = (): ReadableStream => new Blob([text]).stream()

export const BODIES_OF_ALL_TYPES: readonly Case[] = [
  ...bodyCases('here', 'POST'),
  ...bodyCases('there', 'PUT'),
  one('a GET with a body', ({ here }) => [`${here}/echo`, { body: 'b' }]),
  one('a HEAD with a body', ({ here }) => [`${here}/echo`, { method: 'HEAD', body: 'b' }]),
  one('a DELETE with a body', ({ here }) => [`${here}/echo`, { method: 'DELETE', body: 'b' }]),
  one('a POST without a body', ({ here }) => [`${here}/echo`, { method: 'POST' }]),
  one('a stream, half duplex, over HTTP/1.1', ({ here }) => [
    `${here}/echo`,
    { method: 'POST', body: stream(), duplex: 'half' },
  ]),
  one('a stream, full duplex', ({ here }) => [`${here}/echo`, { method: 'POST', body: stream(), duplex: 'full' }]),
  one('a stream that is locked', ({ here }) => {
    const body = stream()
    body.getReader()
    return [`${here}/echo`, { method: 'POST', body, duplex: 'half' }]
  }),
  one('a body of 64 KiB that outlives the page', ({ here }) => [
    `${here}/echo`,
    { method: 'POST', body: 'k'.repeat(65_536), keepalive: true },
  ]),
  one('a body over 64 KiB that would outlive the page', ({ here }) => [
    `${here}/echo`,
    { method: 'POST', body: 'k'.repeat(65_537), keepalive: true },
  ]),
  one('a stream that would outlive the page', ({ here }) => [
    `${here}/echo`,
    { method: 'POST', body: stream(), duplex: 'half', keepalive: true },
  ]),
]
