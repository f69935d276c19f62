// The cards of the exercises, and running them: one at a time, with a verdict that stays.

import { find, h } from '../dom.ts'
import { server } from '../server.ts'
import { openFrame } from '../small-tabs.ts'
import type { OwnTab } from '../tab.ts'
import { CALLS } from './calls.ts'
import { createStage, type Exercise, type Stage, type Verdict } from './exercise.ts'
import { NETWORK } from './network.ts'
import { PEOPLE } from './people.ts'
import { TABS, unfinished } from './tabs.ts'
import { TEXTBOOK } from './textbook.ts'
import { TOKENS } from './tokens.ts'

export const EXERCISES: readonly Exercise[] = [...CALLS, ...TOKENS, ...NETWORK, ...TABS, ...PEOPLE, TEXTBOOK]

const LIFETIME = 'demo-lifetime'

interface Card {
  readonly button: HTMLButtonElement
  readonly verdict: HTMLElement
}

function createCard({ id, title, expectation, help, group }: Exercise, run: () => void): Card {
  const button = h(
    'button',
    { type: 'button', class: 'run', 'data-exercise': id, 'aria-label': `Run: ${title}`, click: run },
    'Run',
  )
  const verdict = h('p', { class: 'verdict', id: `verdict-${id}`, 'data-verdict': 'none' })
  const card = h(
    'article',
    { class: 'exercise', id: `exercise-${id}`, 'aria-labelledby': `title-${id}` },
    h('header', {}, h('div', {}, h('p', { class: 'group' }, group), h('h3', { id: `title-${id}` }, title)), button),
    h('p', { class: 'expectation' }, expectation),
    verdict,
    h(
      'a',
      { class: 'help', href: `./${help.href}`, target: 'docs' },
      help.text,
      h('span', { class: 'hidden' }, `, about: ${title} (opens the documentation)`),
    ),
  )
  find(group === 'Textbook' ? 'textbook-exercise' : 'exercises').append(card)
  return { button, verdict }
}

/** Survives this page, should the exercise tear it down. */
async function keepLifetime(): Promise<void> {
  if (sessionStorage.getItem(LIFETIME) !== null) return
  const { accessLifetime } = await server.settings()
  sessionStorage.setItem(LIFETIME, String(accessLifetime))
}

/** One after the other, in all tabs of this browser. */
const alone = (task: () => Promise<void>): Promise<unknown> =>
  navigator.locks ? navigator.locks.request('demo-exercise', task) : task()

const toText = (error: unknown): string => (error instanceof Error ? error.message : String(error))

export interface Audience {
  announce(text: string): void
  /** An exercise begins, or is over. */
  watch(isRunning: boolean): void
}

export function createExercises(tab: OwnTab, { announce, watch }: Audience): void {
  const cards = new Map<string, Card>()
  let isBusy = false

  function tell(id: string, kind: 'running' | 'passed' | 'failed', text: string): void {
    const card = cards.get(id)
    if (!card) return
    card.verdict.dataset.verdict = kind
    const word = kind === 'running' ? '' : kind === 'passed' ? 'As expected: ' : 'Not as expected: '
    card.verdict.replaceChildren(h('span', { class: 'hidden' }, word), text)
  }

  /** Ends when the page is tidy again. */
  async function perform({ id, title }: Exercise, act: (stage: Stage) => Promise<Verdict>): Promise<void> {
    let isJudged = false
    const judge = ({ passed, text }: Verdict): void => {
      isJudged = true
      tell(id, passed ? 'passed' : 'failed', text)
      announce(`${title}. ${cards.get(id)?.verdict.textContent ?? ''}`)
    }
    const stage = createStage(tab, {
      say(text) {
        if (!isJudged) tell(id, 'running', text)
      },
      openFrame,
    })
    try {
      tell(id, 'running', 'Running.')
      await keepLifetime()
      await server.clearFaults()
      judge(await act(stage))
    } catch (error) {
      judge({ passed: false, text: toText(error) })
    }
    await tidy(stage)
  }

  /** The settings are as before; tokens too, so that the picture goes on at the pace that was chosen. */
  async function tidy(stage: Stage): Promise<void> {
    await server.clearFaults()
    await server.change({ accessLifetime: Number(sessionStorage.getItem(LIFETIME)) })
    sessionStorage.removeItem(LIFETIME)
    if (tab.account.client.getState().status !== 'signed-in') return
    await stage.settle()
    await stage.settleFurther()
  }

  async function play(exercise: Exercise, act: (stage: Stage) => Promise<Verdict>): Promise<void> {
    if (isBusy) {
      announce('Another exercise is running.')
      return
    }
    isBusy = true
    watch(true)
    for (const { button } of cards.values()) button.setAttribute('aria-disabled', 'true')
    try {
      // Two at a time would judge each other's requests.
      await alone(() => perform(exercise, act))
    } catch (error) {
      announce(toText(error))
    } finally {
      for (const { button } of cards.values()) button.removeAttribute('aria-disabled')
      isBusy = false
      watch(false)
    }
  }

  const run = (exercise: Exercise): Promise<void> =>
    play(exercise, async (stage) => {
      await stage.signedIn(exercise.custody, exercise.isBound)
      return exercise.run(stage)
    })

  for (const exercise of EXERCISES)
    cards.set(
      exercise.id,
      createCard(exercise, () => void run(exercise)),
    )

  const begun = EXERCISES.find(({ id }) => id === unfinished())
  const resume = begun?.resume
  if (begun && resume) void play(begun, resume)
}
