// Parsing the messages between tabs.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseMessage } from '../../src/core/protocol/messages.ts'

const message = { version: 1, type: 'news', epoch: 5, generation: 2, status: 'signed-in' }
const tokens = { accessToken: 'a', lifetime: 60_000, age: 5, sentAt: 9 }

describe('a message', () => {
  test.each([
    ['news', message],
    ['a question', { ...message, type: 'ask' }],
    ['news with tokens', { ...message, tokens }],
    ['news of cookies alone', { ...message, tokens: { age: 5, sentAt: 9 } }],
    ['news from a later version that adds members', { ...message, more: 1 }],
  ])('is %s', (_, data) => {
    expect(parseMessage(data)).toBe(data)
  })

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['a string', 'news'],
    ['another version', { ...message, version: 2 }],
    ['another type', { ...message, type: 'gossip' }],
    ['an epoch that is none', { ...message, epoch: '5' }],
    ['an epoch without end', { ...message, epoch: Number.POSITIVE_INFINITY }],
    ['a generation that is none', { ...message, generation: Number.NaN }],
    ['no status', { ...message, status: undefined }],
    ['tokens of null', { ...message, tokens: null }],
    ['tokens without an age', { ...message, tokens: { ...tokens, age: undefined } }],
    ['a lifetime that is none', { ...message, tokens: { ...tokens, lifetime: '60' } }],
    ['an access token that is none', { ...message, tokens: { ...tokens, accessToken: {} } }],
  ])('is not %s', (_, data) => {
    expect(parseMessage(data)).toBeUndefined()
  })

  test('property: whatever another tab says, it is read without an error', () => {
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (data, part) => {
        parseMessage(data)
        parseMessage({ ...message, tokens: part })
      }),
    )
  })
})
