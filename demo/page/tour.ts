// The guided tour of the first visit: six steps, in a dialog that leaves the page usable.

import { find, setText } from './dom.ts'

interface Step {
  readonly target: string
  readonly title: string
  readonly text: string
}

const TAKEN = 'demo-tour'

const STEPS: readonly Step[] = [
  {
    target: 'session-card',
    title: 'Sign in',
    text: 'The server is real: it rotates refresh tokens and detects their reuse. Any name will do. The bar shows how long the access token is still valid; the mark on it shows when the refresh is due.',
  },
  {
    target: 'picture-card',
    title: 'Watch the rotation',
    text: 'One lane for each open tab. At each refresh the magnifier shows who held the lock, whose claim was recorded, the request, the commit, and who adopted the new token. Open a second tab, and watch both.',
  },
  {
    target: 'apis-card',
    title: 'Call more APIs',
    text: 'Each API takes an access token of its own. The address of a call picks it, and one refresh token brings them all. The Billing API is denied on purpose: its calls fail, and the session goes on.',
  },
  {
    target: 'chain-card',
    title: 'Count the tokens',
    text: 'The server’s own record: which tab spent which refresh token, and when. However many tabs are open, each token is spent once.',
  },
  {
    target: 'try-card',
    title: 'Try to break it',
    text: 'Each exercise says what should happen, does it, and gives its verdict from the server’s counters. Do it by hand too: close tabs, disconnect the network, let the laptop sleep.',
  },
  {
    target: 'textbook-card',
    title: 'Compare',
    text: 'The usual code of the textbooks loses the session in the same exercise, on the same server. Then read the log, and what the server counted, below.',
  },
]

export interface Guest {
  isSignedIn(): boolean
  subscribe(listener: () => void): void
  signIn(): Promise<void>
}

export function createTour(guest: Guest, say: (text: string) => void): void {
  const box = find<HTMLDialogElement>('tour')
  let at = 0
  /** Where the page was when the tour began. */
  let home = 0

  function go(to: number): void {
    document.querySelector('.toured')?.classList.remove('toured')
    const step = STEPS[to]
    if (!step) {
      end()
      return
    }
    at = to
    setText(find('tour-count'), `Step ${to + 1} of ${STEPS.length}`)
    setText(find('tour-title'), step.title)
    setText(find('tour-text'), step.text)
    nameNext()
    find<HTMLButtonElement>('tour-back').disabled = to === 0
    const target = find(step.target)
    target.classList.add('toured')
    const isCalm = matchMedia('(prefers-reduced-motion: reduce)').matches
    const behavior = isCalm ? 'instant' : 'smooth'
    // The first step is about the first screen, headline and all.
    if (to === 0) scrollTo({ top: 0, behavior })
    else target.scrollIntoView({ block: 'start', behavior })
    if (!box.open) box.show()
    find('tour-title').focus({ preventScroll: true })
  }

  function nameNext(): void {
    const isLast = at === STEPS.length - 1
    setText(find('tour-next'), isLast ? 'Done' : guest.isSignedIn() ? 'Next' : 'Sign in as alice, and next')
  }

  /** The other steps are about a session, so there is one first. */
  async function next(): Promise<void> {
    if (!guest.isSignedIn()) await guest.signIn()
    go(at + 1)
  }

  function begin(): void {
    home = scrollY
    go(0)
  }

  function end(): void {
    document.querySelector('.toured')?.classList.remove('toured')
    localStorage.setItem(TAKEN, 'taken')
    box.close()
    const goHome = (): void => scrollTo({ top: home, behavior: 'instant' })
    goHome()
    // A smooth scroll that is under way has drawn one more frame already.
    requestAnimationFrame(() => requestAnimationFrame(goHome))
    find('take-tour').focus({ preventScroll: true })
  }

  find('take-tour').addEventListener('click', begin)
  find('tour-next').addEventListener('click', () => {
    next().catch((error: unknown) => say(String(error)))
  })
  find('tour-back').addEventListener('click', () => go(at - 1))
  find('tour-skip').addEventListener('click', end)
  box.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') end()
  })
  guest.subscribe(nameNext)
  if (localStorage.getItem(TAKEN) === null) begin()
}
