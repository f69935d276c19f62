// Addresses that look like an allowed origin, and may be one.

import fc from 'fast-check'

const piece = fc.constantFrom(
  'https:',
  'http:',
  'HTTPS:',
  'blob:',
  'data:',
  'javascript:',
  'filesystem:',
  '//',
  '/',
  '\\',
  '@',
  ':',
  '?',
  '#',
  '.',
  '..',
  '%2f',
  '%40',
  '%2e',
  '\t',
  '\n',
  ' ',
  '\u0000',
  '\u00ad',
  '\u200d',
  '\u3002',
  '\uff0f',
  'api.example',
  'API.EXAMPLE',
  '\uff41pi.example',
  'localhost',
  ':3000',
  ':443',
  ':80',
  ':0443',
  'evil.example',
  'user:pass',
  'xn--',
  '[::1]',
  '0x7f.1',
)

/** Made of pieces of addresses, of this origin and anything, and of anything at all. */
export const hostileUrl = (origin: string): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.array(piece, { maxLength: 9 }).map((pieces) => pieces.join('')) },
    { weight: 2, arbitrary: fc.array(piece, { maxLength: 5 }).map((pieces) => origin + pieces.join('')) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.constantFrom(origin, `${origin}/`), fc.string()).map((parts) => parts.join('')),
    },
    { weight: 1, arbitrary: fc.webUrl() },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
