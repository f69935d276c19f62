// "Nobody is signed in", as servers say it that are not run here; in Chromium, because a redirect looks otherwise elsewhere.

import { beforeAll, describe, expect, test } from 'vitest'
import { ROWS, type Row } from './rows.ts'
import { type Outcome, playRefusals } from './stage.ts'

let played: Awaited<ReturnType<typeof playRefusals>>
beforeAll(async () => {
  played = await playRefusals()
})

const outcomeOf = (kind: 'stranger' | 'known', row: Row): Outcome => played[kind].outcomes[ROWS.indexOf(row)] as Outcome

describe.each(ROWS)('$server, $status $type', (row) => {
  test('a stranger is told at once what is known', () => {
    const { status, reason, requests } = outcomeOf('stranger', row)
    expect(status).toBe(row.stranger)
    if (row.stranger !== 'signed-out') return
    expect({ reason, requests }).toEqual({ reason: 'initial', requests: row.isAskedAgain ? 2 : 1 })
  })

  test(`a session that was known ${row.known}`, () => {
    const { status, requests, failures } = outcomeOf('known', row)
    const requestsUntilTheEnd = { ends: 1, 'ends at the second': 2, 'goes on': 3 }[row.known]
    expect(status).toBe(row.known === 'goes on' ? 'signed-in' : 'signed-out')
    expect(requests).toBe(requestsUntilTheEnd + (row.isAskedAgain ? 1 : 0))
    // What was answered is told as what it was.
    for (const failure of failures) {
      expect(failure).toContain(`status ${row.status}`)
      expect(failure).not.toContain('not answered')
    }
  })
})

test.each(['stranger', 'known'] as const)('the console is told of each mistake of the set-up once (%s)', (kind) => {
  const mistakes = ROWS.filter(({ isMistake }) => isMistake).map(({ status }) => status)
  const told = played[kind].said.map((line) => Number(/status (\d+)/.exec(line)?.[1]))
  expect(told.sort()).toEqual(mistakes.sort())
})
