// Every form of headers.

import { bare, type Case, one } from '../context.ts'

const headers = (name: string, make: () => unknown): Case[] =>
  (['here', 'there'] as const).map((origin) =>
    one(`headers: ${name}, ${origin}`, (context) => [`${context[origin]}/echo`, { headers: make() }]),
  )

const getters = (): object => ({
  get 'X-Own'() {
    return 'got'
  },
})

const many = (): Headers => {
  const many = new Headers([['X-Own', '1']])
  many.append('X-Own', '2')
  many.append('Accept', 'text/x-own')
  return many
}

export const HEADERS: readonly Case[] = [
  ...headers('none', () => ({})),
  ...headers('a record', () => ({ 'X-Own': '1', 'content-type': 'a/b', ACCEPT: 'c/d', 'x-AnOther': '' })),
  ...headers('pairs', () => [
    ['X-Own', '1'],
    ['x-own', '2'],
    ['Accept-Language', 'de'],
  ]),
  ...headers('pairs in capitals', () => [
    ['X-OWN', '1'],
    ['Accept-Language', 'de'],
    ['X-Own', '2'],
  ]),
  ...headers('a Headers', many),
  ...headers('a Map', () => new Map([['X-Own', 'map']])),
  ...headers('a generator', () =>
    (function* () {
      yield ['X-Own', 'generated']
    })(),
  ),
  ...headers('a record with getters', getters),
  ...headers('a record that inherits', () => Object.create({ 'X-Own': 'inherited' })),
  ...headers('a frozen record', () => Object.freeze({ 'X-Own': '1' })),
  ...headers('a Proxy', () => new Proxy({ 'X-Own': '1' }, {})),
  ...headers('white space', () => ({ 'X-Own': ' \t1 \n' })),
  ...headers('Latin-1', () => ({ 'X-Own': 'caf\u00e9' })),
  ...headers('numbers', () => ({ 'X-Own': 1, 'X-Null': null })),
  ...headers('names that are forbidden', () => ({
    Cookie: 'a=b',
    Host: 'x',
    'Sec-Own': '1',
    Origin: 'x',
    'X-HTTP-Method': 'TRACE',
  })),
  ...headers('a value with a line break', () => ({ 'X-Own': 'a\nb' })),
  ...headers('a value beyond Latin-1', () => ({ 'X-Own': '\u{1f511}' })),
  ...headers('a name with a space', () => ({ 'X Own': '1' })),
  ...headers('an empty name', () => ({ '': '1' })),
  ...headers('undefined', () => undefined),
  ...headers('null', () => null),
  ...headers('a string', () => 'X-Own: 1'),
  ...headers('a number', () => 7),
  ...headers('pairs of three', () => [['X-Own', '1', '2']]),
  ...headers('a symbol as value', () => ({ 'X-Own': Symbol('value') })),
  ...headers('a getter that throws', () => ({
    get 'X-Own'() {
      throw new RangeError('not to be read')
    },
  })),
  one('headers that go with a body', ({ here }) => [
    `${here}/echo`,
    { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json', 'Content-Length': '99' } },
  ]),
  bare('an Authorization of the caller', ({ here }) => [`${here}/echo`, { headers: { AUTHORIZATION: 'Mine x' } }]),
  bare('an empty Authorization of the caller', ({ there }) => [`${there}/echo`, { headers: [['authorization', '']] }]),
]
