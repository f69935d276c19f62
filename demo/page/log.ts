// The event log of all tabs: filtered, paused and copied.

import type { Lane, Lanes } from '../../src/devtools/lanes/lanes.ts'
import type { Observation } from '../../src/devtools/observation.ts'
import { clockTime, duration, plural } from '../../src/devtools/time.ts'
import { forWhom, tell } from '../../src/devtools/words.ts'
import { find, h, setText } from './dom.ts'

interface Line {
  readonly at: number
  readonly tab: string
  readonly kind: string
  readonly text: string
  readonly isBad: boolean
}

const MOST = 1_000
/** What a client decided, and why. */
const DECISIONS: ReadonlySet<string> = new Set(['refresh', 'outcome', 'pause', 'clock', 'degraded', 'record'])

function textOf(seen: Observation): { readonly text: string; readonly isBad?: boolean } {
  switch (seen.kind) {
    case 'session': {
      const whose = seen.source === 'other-tab' ? ', learned from another tab' : ''
      const more = seen.detail ? `: ${seen.detail}` : ''
      return {
        text: `${seen.step}${forWhom(seen)}${more}${whose}`,
        isBad: seen.step === 'refresh-failed' || (seen.step === 'signed-out' && seen.detail !== 'requested'),
      }
    }
    case 'lock':
      return { text: `lock ${seen.step}` }
    case 'ledger':
      return {
        text: `ledger: ${seen.step}, generation ${seen.generation}${forWhom(seen)}${seen.isResend ? ', a resend' : ''}${seen.reason ? `, ${seen.reason}` : ''}`,
        isBad: seen.step === 'doubt',
      }
    case 'wire': {
      const what = `${seen.request} ${seen.path}${forWhom(seen)}`
      if (seen.step === 'sent') return { text: `${what} sent` }
      return seen.step === 'failed'
        ? { text: `${what}: no answer`, isBad: true }
        : { text: `${what}: ${seen.status}`, isBad: (seen.status ?? 200) >= 400 }
    }
    case 'message':
      return {
        text: `message ${seen.step}: ${seen.type}, generation ${seen.generation}, ${seen.status}${forWhom(seen)}${seen.hasToken ? ', with the access token' : ''}`,
      }
    case 'timer':
      return {
        text: `timer ${seen.step}: ${seen.timer}${seen.step === 'armed' ? ` in ${duration(seen.dueAt - seen.at)}` : ''}`,
      }
    case 'page':
      return { text: `page ${seen.step}` }
    case 'outcome':
      return { text: tell(seen), isBad: seen.step !== 'granted' }
    default:
      return { text: tell(seen) }
  }
}

export function createLog(lanes: Lanes, say: (text: string) => void): void {
  const list = find('log')
  const search = find<HTMLInputElement>('log-search')
  const pauseButton = find('log-pause')
  const kinds = [...document.querySelectorAll<HTMLInputElement>('[name="log-kind"]')]
  let lines: Line[] = []
  let held: Line[] | undefined
  let isPending = false

  const isWanted = ({ kind, text, tab }: Line): boolean =>
    kinds.some(({ value, checked }) => value === kind && checked) &&
    `${tab} ${text}`.toLowerCase().includes(search.value.trim().toLowerCase())

  const toText = ({ at, tab, text }: Line): string =>
    `${clockTime(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}  ${tab}  ${text}`

  function render(): void {
    isPending = false
    const wanted = (held ?? lines).filter(isWanted)
    list.replaceChildren(
      ...wanted
        .slice(-300)
        .reverse()
        .map(({ at, tab, text, kind, isBad }) =>
          h(
            'li',
            { class: isBad ? 'bad' : '' },
            h('time', {}, `${clockTime(at)}.${String(Math.floor(at % 1000)).padStart(3, '0')}`),
            h('span', { class: 'tab' }, tab),
            h('span', { class: `dot ${kind}`, 'aria-hidden': 'true' }),
            h('span', {}, text),
          ),
        ),
    )
    const waiting = held ? lines.filter((line) => !held?.includes(line)).length : 0
    setText(
      find('log-count'),
      `${plural(wanted.length, 'entry').replace('entrys', 'entries')}${held ? `, paused; ${waiting} more since` : ''}`,
    )
  }

  function schedule(): void {
    if (isPending) return
    isPending = true
    setTimeout(render, 120)
  }

  function add(lane: Lane, seen: Observation): void {
    const { text, isBad = false } = textOf(seen)
    lines = [
      ...lines.slice(1 - MOST),
      {
        at: seen.at,
        tab: `Tab ${lane.number || '…'}`,
        kind: DECISIONS.has(seen.kind) ? 'decision' : seen.kind,
        text,
        isBad,
      },
    ]
    schedule()
  }

  lanes.onSeen(add)
  search.addEventListener('input', render)
  for (const kind of kinds) kind.addEventListener('change', render)
  pauseButton.addEventListener('click', () => {
    held = held ? undefined : lines
    pauseButton.setAttribute('aria-pressed', String(held !== undefined))
    render()
  })
  find('log-clear').addEventListener('click', () => {
    lines = []
    held &&= []
    render()
  })
  find('log-copy').addEventListener('click', async () => {
    const wanted = (held ?? lines).filter(isWanted)
    const text = wanted.map(toText).join('\n')
    try {
      await navigator.clipboard.writeText(text)
      say(`${wanted.length} entries of the log are in the clipboard.`)
    } catch {
      say('The browser does not allow this page to use the clipboard.')
    }
  })
  render()
}
