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

export function createExercises(tab: OwnTab, announce: (text: string) => void): void {
  const cards = new Map<string, Card>()
  let isBusy = false

  function tell(id: string, kind: 'running' | 'passed' | 'failed', text: string): void {
    const card = cards.get(id)
    if (!card) return
    card.verdict.dataset.verdict = kind
    const word = kind === 'running' ? '' : kind === 'passed' ? 'As expected: ' : 'Not as expected: '
    card.verdict.replaceChildren(h('span', { class: 'hidden' }, word), text)
  }

  async function play({ id, title }: Exercise, act: (stage: Stage) => Promise<Verdict>): Promise<boolean> {
    if (isBusy) {
      announce('Another exercise is running.')
      return false
    }
    isBusy = true
    for (const { button } of cards.values()) button.setAttribute('aria-disabled', 'true')
    tell(id, 'running', 'Running.')
    let isJudged = false
    const stage = createStage(tab, {
      say(text) {
        if (!isJudged) tell(id, 'running', text)
      },
      openFrame,
    })
    const { accessLifetime } = await server.settings()
    let isPassed = false
    try {
      await server.clearFaults()
      const verdict = await act(stage)
      isPassed = verdict.passed
      tell(id, isPassed ? 'passed' : 'failed', verdict.text)
    } catch (error) {
      tell(id, 'failed', error instanceof Error ? error.message : String(error))
    } finally {
      isJudged = true
      announce(`${title}. ${cards.get(id)?.verdict.textContent ?? ''}`)
      await tidy(stage, accessLifetime).catch((error: unknown) => announce(String(error)))
      for (const { button } of cards.values()) button.removeAttribute('aria-disabled')
      isBusy = false
    }
    return isPassed
  }

  /** The settings are as before; tokens too, so that the picture goes on at the pace that was chosen. */
  async function tidy(stage: Stage, accessLifetime: number): Promise<void> {
    await server.clearFaults()
    await server.change({ accessLifetime })
    if (tab.account.client.getState().status === 'signed-in') await stage.settle()
  }

  async function run(exercise: Exercise): Promise<boolean> {
    return play(exercise, async (stage) => {
      await stage.signedIn(exercise.custody)
      return exercise.run(stage)
    })
  }

  for (const exercise of EXERCISES)
    cards.set(
      exercise.id,
      createCard(exercise, () => void run(exercise)),
    )

  const begun = EXERCISES.find(({ id }) => id === unfinished())
  const resume = begun?.resume
  if (begun && resume) void play(begun, resume)
}
