// The same exercise for the textbook's implementation and for ours: two tabs meet a 401 at once.

import { find, h } from '../dom.ts'
import { server } from '../server.ts'
import type { CallResult } from '../tab.ts'
import { type Exercise, judge, requests } from './exercise.ts'

interface Answer {
  readonly status: number
  readonly isSignedIn: boolean
}

/** So slow a server that both tabs have read the refresh token before either has a new one (in milliseconds). */
const SLOW = 1_000

const frames = (): HTMLIFrameElement[] => [...document.querySelectorAll<HTMLIFrameElement>('#textbook-frames iframe')]

function tell(frame: HTMLIFrameElement, name: 'sign in' | 'call' | 'look'): Promise<Answer> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.onmessage = ({ data }) => {
      port1.close()
      resolve(data)
    }
    frame.contentWindow?.postMessage(name, location.origin, [port2])
  })
}

async function load(): Promise<void> {
  const isLoaded = frames().map(
    (frame) =>
      new Promise<void>((resolve) => {
        frame.addEventListener('load', () => resolve(), { once: true })
        frame.src = '/textbook.html'
      }),
  )
  await Promise.all(isLoaded)
}

type Score = readonly (readonly [string, string | number, string | number])[]

/** What the textbook did worse is marked. */
function showScore(score: Score): void {
  const rows = score.map(([name, theirs, ours]) =>
    h(
      'tr',
      {},
      h('th', { scope: 'row' }, name),
      h('td', { class: theirs === ours ? '' : 'bad' }, String(theirs)),
      h('td', { class: theirs === ours ? '' : 'good' }, String(ours)),
    ),
  )
  find('score').replaceChildren(...rows)
}

export const TEXTBOOK: Exercise = {
  id: 'textbook',
  group: 'Textbook',
  title: 'Two tabs meet a 401 at once',
  expectation:
    'Both tabs of the textbook send the same refresh token. The server takes the second request for a theft and revokes the session. The tabs with authfetch send one request, and go on.',
  help: { text: 'From a hand-written interceptor', href: 'docs.html?migrating#from-a-hand-written-interceptor' },
  custody: 'cookie',
  async run(stage) {
    await stage.calm()
    stage.say('The textbook’s tabs sign in.')
    await load()
    const [first, second] = frames()
    if (!first || !second) throw new Error('There are no frames.')
    await tell(first, 'sign in')
    await tell(second, 'look')
    if (stage.others().length === 0) await stage.openTabs(1, 'frames')
    await stage.until(
      () => stage.others().some(({ status }) => status === 'signed in'),
      'the other tab shares the session',
    )
    await stage.calm()
    await stage.ripen()
    await server.expire()

    stage.say('The textbook’s two tabs call.')
    await server.fault({ at: 'refresh', kind: 'latency', delay: SLOW, times: 2 })
    const countTheirs = await stage.measure()
    const theirCalls = await Promise.all([tell(first, 'call'), tell(second, 'call')])
    const theirs = await countTheirs()
    await server.clearFaults()

    stage.say('Two of our tabs call.')
    const other = stage.others().find(({ status }) => status === 'signed in')
    if (!other) throw new Error('There is no other tab.')
    await server.fault({ at: 'refresh', kind: 'latency', delay: SLOW, times: 2 })
    const countOurs = await stage.measure()
    const { api } = stage.account
    const ourCalls = await Promise.all([
      api('/api/me', { throwHttpErrors: false, retry: 0 }).then(({ status }) => status),
      stage.lanes.command<CallResult>(other, 'call').then(({ status }) => status),
    ])
    const ours = await countOurs()
    // Whose tokens are still valid for a while has not noticed yet.
    await server.expire()
    await tell(first, 'call')
    const { isSignedIn } = await tell(second, 'look')
    const answered = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length
    const answers = { theirs: answered(theirCalls.map(({ status }) => status)), ours: answered(ourCalls) }
    showScore([
      ['Token requests', theirs.granted + theirs.refused, ours.granted + ours.refused],
      ['Reuses detected', theirs.reuses, ours.reuses],
      ['Calls answered', `${answers.theirs} of 2`, `${answers.ours} of 2`],
      ['Session afterwards', isSignedIn ? 'alive' : 'lost', stage.lanes.self.status === 'signed in' ? 'alive' : 'lost'],
    ])
    const isOurs = answers.ours === 2 && ours.granted === 1 && ours.reuses === 0
    const isTheirs = theirs.reuses === 1 && !isSignedIn
    return judge(
      isOurs && isTheirs,
      `Textbook: ${requests(theirs.granted + theirs.refused)}, ${theirs.reuses === 1 ? 'a reuse detected, both tabs signed out' : `${theirs.reuses} reuses`}. authfetch: ${requests(ours.granted)}, ${answers.ours} of 2 calls answered, still signed in.`,
    )
  },
}
