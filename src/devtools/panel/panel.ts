/** The panel: state, explanation, tabs as lanes, buttons and the record, drawn into a shadow root. */

import type { AuthClient } from '../../auth-client.ts'
import { h, onPaint, setText, show, svg } from '../dom.ts'
import type { Observation } from '../observation.ts'
import type { Trick } from '../observe/wire.ts'
import { createOverview } from '../picture/overview.ts'
import { readScene } from '../picture/scene.ts'
import { addStyle } from '../style.ts'
import { clockTime, countdown, now } from '../time.ts'
import { tell } from '../words.ts'
import { PANEL_STYLE } from './style.ts'
import { joinTab } from './tab.ts'

/** How many steps of the record are shown. */
const SHOWN = 150

const TRICKS: readonly (readonly [Trick, string])[] = [
  ['lose', 'Lose the next answer'],
  ['refuse', 'Refuse the next refresh'],
  ['slow', 'Slow the next answer'],
]

const isBad = (seen: Observation): boolean =>
  (seen.kind === 'outcome' && seen.step !== 'granted') ||
  (seen.kind === 'ledger' && seen.step === 'login-failed') ||
  (seen.kind === 'session' && (seen.step === 'refresh-failed' || seen.step === 'signed-out')) ||
  (seen.kind === 'wire' && (seen.step === 'failed' || (seen.status ?? 200) >= 400))

export interface PanelTerms {
  readonly auth: AuthClient
  /** Whether it is always open, without a button. */
  readonly isInline: boolean
  readonly isOpen: boolean
}

/** Draws the panel; returns the function that removes it. */
export function drawPanel(root: ShadowRoot, { auth, isInline, isOpen: isOpenAtFirst }: PanelTerms): () => void {
  const [{ recorder, controls, lanes, lockHolder }, leave] = joinTab(auth)
  let isOpen = isInline || isOpenAtFirst

  const toggle = h('button', { class: 'toggle', type: 'button', 'aria-controls': 'panel' })
  const close = h('button', { class: 'close', type: 'button' }, 'Close')
  const explanation = h('p', { class: 'explanation' })
  const facts = h('dl', { class: 'facts' })
  const labels = h('ul', { class: 'labels', 'aria-label': 'Tabs' })
  const plot = svg('svg', { role: 'img', 'aria-label': 'What the tabs did in the last minute' })
  const said = h('p', { class: 'said', role: 'status' })
  const list = h('ol')
  const say = (text: string): void => setText(said, text)

  const tricks = TRICKS.map(([trick, name]) => {
    const button = h('button', { type: 'button', 'aria-pressed': 'false', click: () => play(trick) }, name)
    return { trick, button }
  })

  function play(trick: Trick): void {
    const isOff = controls.trick === trick
    controls.trick = isOff ? undefined : trick
    say(isOff ? 'The next refresh is left alone.' : 'It happens to the next refresh of this tab.')
    paint()
  }

  async function expire(): Promise<void> {
    const isDone = await controls.expireNow()
    say(isDone ? 'The token counts as expired; this tab refreshes.' : 'There is no token that could expire.')
  }

  async function signOutElsewhere(): Promise<void> {
    await controls.signOutElsewhere()
    say('Signed out, as if by another tab. The server was not told.')
  }

  async function copy(): Promise<void> {
    const text = JSON.stringify(recorder, undefined, 2)
    const isDone = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    )
    say(
      isDone
        ? 'The record is in the clipboard. It holds no tokens.'
        : 'The browser does not allow this page to use the clipboard.',
    )
  }

  const button = (name: string, task: () => Promise<void>): HTMLElement =>
    h(
      'button',
      { type: 'button', click: () => void task().catch((error) => say(`It failed: ${(error as Error).name}`)) },
      name,
    )

  const panel = h(
    'div',
    { class: 'panel', id: 'panel', role: 'region', 'aria-labelledby': 'title', tabindex: 0 },
    h(
      'div',
      { class: 'heading' },
      h('h2', { id: 'title' }, controls.name === 'authfetch' ? controls.name : `authfetch: ${controls.name}`),
      close,
    ),
    h('section', {}, h('h3', {}, 'Why was I signed out?'), explanation),
    h('section', {}, h('h3', {}, 'State'), facts),
    h('section', {}, h('h3', {}, 'Tabs'), h('div', { class: 'lanes' }, labels, h('div', { class: 'plot' }, plot))),
    h(
      'section',
      {},
      h('h3', {}, 'Try it'),
      h(
        'div',
        { class: 'actions' },
        button('Expire now', expire),
        ...tricks.map((one) => one.button),
        button('Sign out elsewhere', signOutElsewhere),
        button('Copy the record', copy),
      ),
      said,
    ),
    h(
      'section',
      {},
      h('h3', {}, 'Record of this tab'),
      h('div', { class: 'record', role: 'region', 'aria-label': 'Record of this tab', tabindex: 0 }, list),
    ),
  )

  const overview = createOverview({ plot, labels, self: lanes.self.id })

  function factsNow(): readonly (readonly [string, string])[] {
    const state = auth.getState()
    const time = now()
    const expiresAt = 'expiresAt' in state ? state.expiresAt : undefined
    const { refreshAt, generation } = controls
    const inTime = (at: number | undefined): string =>
      at === undefined ? '–' : at > time ? countdown(at - time) : 'now'
    return [
      ['Status', state.status === 'signed-out' ? `signed out (${state.reason})` : state.status.replace('-', ' ')],
      ['Token expires in', inTime(expiresAt)],
      ['Next refresh in', state.status === 'signed-in' ? inTime(refreshAt) : '–'],
      ['Generation', generation === undefined ? '–' : String(generation)],
      ['Lock held by', lockHolder(soon)],
      ['Refresh token', controls.custody],
      ['Missing parts', state.degraded.join(', ') || 'none'],
    ]
  }

  function paint(): void {
    const state = auth.getState()
    toggle.dataset.status = state.status
    toggle.ariaExpanded = String(isOpen)
    setText(toggle, `authfetch: ${state.status.replace('-', ' ')}`)
    panel.hidden = !isOpen
    if (!isOpen) return
    setText(explanation, recorder.explain())
    show(
      facts,
      factsNow().map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
    )
    for (const { trick, button } of tricks) button.ariaPressed = String(controls.trick === trick)
    const all = lanes.all()
    const scene = readScene(all, lanes)
    overview.draw(scene, all)
    const entries = recorder.entries().filter(({ kind }) => kind !== 'timer')
    show(
      list,
      entries
        .slice(-SHOWN)
        .reverse()
        .map((seen) =>
          h('li', { class: isBad(seen) ? 'bad' : '' }, h('time', {}, clockTime(seen.at)), h('span', {}, tell(seen))),
        ),
    )
  }

  function setOpen(value: boolean): void {
    isOpen = value
    paint()
    if (value) panel.focus()
    else toggle.focus()
  }

  const onEscape = (event: Event): void => {
    if ((event as KeyboardEvent).key === 'Escape' && isOpen && !isInline) setOpen(false)
  }

  addStyle(root, PANEL_STYLE)
  root.append(panel, toggle)
  toggle.addEventListener('click', () => setOpen(!isOpen))
  close.addEventListener('click', () => setOpen(false))
  root.addEventListener('keydown', onEscape)
  const soon = onPaint(paint)
  const undo = [recorder.subscribe(soon), auth.subscribe(soon), lanes.subscribe(soon)]
  const timer = setInterval(soon, matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 500)
  paint()

  return () => {
    clearInterval(timer)
    for (const step of undo) step()
    root.removeEventListener('keydown', onEscape)
    root.replaceChildren()
    leave()
  }
}
