// The page around the exercises: what it shows, to whom, and how it is reached. Each test has a stage of its own.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterAll, beforeAll, describe, expect, test as plain, vi } from 'vitest'
import type { Browser, Tab } from '../support/browser/driver.ts'
import { launch } from '../support/browser/launch.ts'
import { click, type Demo, type DemoStage, isSignedIn, openDemo, shows, text } from './demo.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const SECRETS = /eyJ[\w-]{20,}\.[\w-]{20,}\.[\w-]{20,}/

// Longer than a wait for a condition, so that a failure names the condition.
vi.setConfig({ testTimeout: 180_000 })

let demo: Demo

beforeAll(async () => {
  demo = await openDemo()
})
afterAll(() => demo?.close())

const test = plain.extend<{ readonly stage: DemoStage }>({
  stage: async ({ onTestFinished }, use) => use(await demo.stageFor({ onTestFinished })),
})

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What axe-core finds wrong, in short. */
async function audit(tab: Tab): Promise<string[]> {
  await tab.evaluate(AXE)
  return tab.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }
    const { violations } = await axe.run()
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id}: ${target} ${failureSummary}`),
    )
  })
}

const THEMES = ['light', 'dark']

describe('axe-core finds no violation', () => {
  test.for(THEMES)('on the page, with all that can be opened and a verdict, %s', async (theme, { stage }) => {
    const tab = await stage.openSignedIn()
    await tab.evaluate((colours: string) => {
      const select = document.querySelector<HTMLSelectElement>('#theme')
      if (select) select.value = colours
      select?.dispatchEvent(new Event('change'))
      for (const details of document.querySelectorAll('details')) details.open = true
    }, theme)
    await click(tab, '#open-frame')
    await tab.waitFor(() => document.querySelector('#tab-count')?.textContent === '2 tabs open')
    await stage.run(tab, 'call')
    await stage.run(tab, 'steal')
    await click(tab, '#take-tour')
    // What comes last may be a short moment: it depends on when the tabs hear of the end.
    await tab.waitFor(() => {
      if (document.querySelectorAll('#zoom .span').length > 2) return true
      document.querySelector<HTMLElement>('#earlier')?.click()
      return false
    })
    await shows(tab, '#alarms', 'Reuse')
    expect(await tab.evaluate(() => document.documentElement.style.colorScheme)).toBe(theme)
    expect(await audit(tab)).toEqual([])
  })

  test.for(['/', '/tab.html', '/textbook.html', '/docs.html?servers'])(
    'on %s as it opens, in both themes',
    async (path, { stage }) => {
      const tab = await stage.profile.open(`${stage.origin}${path}`)
      for (const theme of THEMES) {
        await tab.evaluate((colours: string) => localStorage.setItem('demo-theme', colours), theme)
        await tab.reload()
        await tab.waitFor((colours: string) => document.documentElement.style.colorScheme === colours, theme)
        await tab.waitFor(() => document.querySelector('h1') !== null)
        expect(await audit(tab)).toEqual([])
      }
    },
  )
})

test('no whole token is on the screen, in the log or in what tabs tell each other, until it is asked for', async ({
  stage,
}) => {
  const tab = await stage.openSignedIn('client')
  await tab.evaluate(() => {
    const heard: string[] = []
    Object.assign(window, { heard })
    new BroadcastChannel('demo-lanes').onmessage = ({ data }) => heard.push(JSON.stringify(data))
  })
  await click(tab, '#refresh')
  await shows(tab, '#log', 'ledger: commit')
  await tab.waitFor(() => (globalThis as unknown as { heard: string[] }).heard.length > 0)
  const refreshToken = await tab.evaluate(async () => {
    const database = await new Promise<IDBDatabase>((resolve) => {
      const opening = indexedDB.open('authfetch-demo-client')
      opening.onsuccess = () => resolve(opening.result)
    })
    const reading = database.transaction('ledger').objectStore('ledger').get('session')
    await new Promise((resolve) => {
      reading.onsuccess = resolve
    })
    database.close()
    return reading.result.refreshToken as string
  })
  const shown = await tab.evaluate(
    () => document.documentElement.outerHTML + JSON.stringify(Reflect.get(window, 'heard')),
  )
  expect(refreshToken.length).toBeGreaterThan(20)
  expect(shown).not.toContain(refreshToken)
  expect(shown).not.toMatch(SECRETS)
  await click(tab, '#show-token')
  await tab.waitFor(() => /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/.test(document.querySelector('#token')?.textContent ?? ''))
  await click(tab, '#show-token')
  await tab.waitFor(() => document.querySelector('#token')?.textContent?.includes('…'))
})

const isBoundHere = () => document.querySelector<HTMLInputElement>('#bound')?.checked === true

describe('the switch “Bound tokens”', () => {
  test('it lets the client keep the tokens, is shared by all tabs, and goes off with another custody', async ({
    stage,
  }) => {
    const tab = await stage.open()
    const other = await stage.open()
    const custody = (): string | undefined => document.querySelector<HTMLSelectElement>('#custody')?.value
    await click(tab, '#bound')
    for (const one of [tab, other]) await one.waitFor(isBoundHere)
    expect(await other.evaluate(custody)).toBe('client')
    await tab.evaluate(() => document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit())
    for (const one of [tab, other]) await one.waitFor(isSignedIn)
    await shows(other, '#facts', 'bound to a key that cannot leave this browser')
    await shows(tab, '#sessions', 'held by the client, bound to a key')
    await other.reload()
    await other.waitFor(isSignedIn)
    await click(other, '#call')
    await shows(other, '#said', 'The API answered 200 for alice')
    await click(tab, '#sign-out')
    await other.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
    await other.evaluate(() => {
      const select = document.querySelector<HTMLSelectElement>('#custody')
      if (select) select.value = 'cookie'
      select?.dispatchEvent(new Event('change'))
    })
    for (const one of [tab, other])
      await one.waitFor(() => !document.querySelector<HTMLInputElement>('#bound')?.checked)
    expect([...tab.errors, ...other.errors]).toEqual([])
  })

  test('it counts for a sign-in that follows at once, while the page still finds out who is signed in', async ({
    stage,
  }) => {
    const tab = await stage.open()
    await tab.evaluate(() => {
      document.querySelector<HTMLInputElement>('#bound')?.click()
      document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit()
    })
    await tab.waitFor(isSignedIn)
    await shows(tab, '#said', 'Signed in as alice.')
    await shows(tab, '#sessions', 'held by the client, bound to a key')
    expect(await tab.evaluate(isBoundHere)).toBe(true)
    expect(tab.errors).toEqual([])
  })

  test('the proof of the last call is decoded, and neither it nor a token is on the screen', async ({ stage }) => {
    const tab = await stage.openSignedIn('client', true)
    await shows(tab, '#proof', 'None yet: call the API.')
    await click(tab, '#call')
    for (const words of ['typdpop+jwt', 'algES256', 'jwk.crvP-256']) await shows(tab, '#proof-header', words)
    for (const words of ['htmGET', `htu${stage.origin}/api/me`, 'jti', 'iat', 'ath'])
      await shows(tab, '#proof-claims', words)
    expect(await text(tab, '#proof-header')).not.toContain('jwk.d')
    expect(await tab.evaluate(() => document.documentElement.outerHTML)).not.toMatch(SECRETS)
    const first = await text(tab, '#proof-claims')
    await click(tab, '#call')
    await tab.waitFor((before: string) => document.querySelector('#proof-claims')?.textContent !== before, first)
    expect(await audit(tab)).toEqual([])
  })

  test('a sign-in at the provider’s page binds the tokens too', async ({ stage }) => {
    const tab = await stage.open()
    await click(tab, '#bound')
    // The choice is kept, and the client of the page is another one.
    await tab.waitFor(() => localStorage.getItem('demo-custody') === 'client bound')
    await tab.waitFor(isBoundHere)
    await click(tab, '#sign-in-redirect')
    await tab.waitFor(() => location.pathname === '/oauth/authorize' && document.querySelector('form'))
    await click(tab, '[value=allow]').catch(() => {})
    await tab.waitFor(() => location.pathname === '/' && document.body.dataset.ready === 'true')
    await tab.waitFor(isSignedIn)
    await shows(tab, '#sessions', 'bound to a key')
    await click(tab, '#call')
    await shows(tab, '#proof-claims', 'ath')
  })

  test('tokens that are not bound show no proof', async ({ stage }) => {
    const tab = await stage.openSignedIn('client')
    await click(tab, '#call')
    await shows(tab, '#said', 'The API answered 200')
    expect(await tab.evaluate(() => document.querySelector<HTMLElement>('#proof')?.hidden)).toBe(true)
  })
})

test('somebody signs in at the provider’s page, or refuses there', async ({ stage }) => {
  const tab = await stage.open()
  const decide = async (decision: string): Promise<void> => {
    await click(tab, '#sign-in-redirect')
    await tab.waitFor(() => location.pathname === '/oauth/authorize' && document.querySelector('form'))
    expect(await audit(tab)).toEqual([])
    await click(tab, `[value=${decision}]`).catch(() => {})
    await tab.waitFor(() => location.pathname === '/' && document.body.dataset.ready === 'true')
  }
  await decide('deny')
  await shows(tab, '#said', 'access_denied')
  await decide('allow')
  await tab.waitFor(isSignedIn)
  await shows(tab, '#who', 'alice')
  expect(await text(tab, '#said')).toContain('Signed in at the provider.')
  await shows(tab, '#sessions', 'the login page')
  await click(tab, '#refresh')
  await shows(tab, '#said', 'one generation')
})

test('a second tab is a lane of its own, and the magnifier shows who rotated and who adopted', async ({ stage }) => {
  const first = await stage.openSignedIn()
  const second = await stage.open()
  await second.waitFor(isSignedIn)
  await first.waitFor(() => document.querySelectorAll('#overview-lanes li').length === 2)
  await click(second, '#refresh')
  await shows(first, '#zoom-title', 'Rotation: generation')
  for (const words of [
    'Tab 2 holds the lock',
    'Tab 2 claims generation',
    'Tab 2 sends a refresh request to /auth/refresh: answered 200',
    'Tab 2 commits generation',
    'Tab 2 → Tab 1: tells of the new access token',
    'Tab 1 adopts the new token',
  ]) {
    await shows(first, '#zoom-words', words)
  }
  await shows(first, '#chain', 'spent by tab 2')
  await second.close()
  await first.waitFor(() => document.querySelector('#tab-count')?.textContent === '1 tab open')
})

/** The generation that the client tells, once the server's newest token has the same. */
async function agreed(tab: Tab, isNew: (generation: number) => boolean): Promise<number> {
  await tab.waitFor(() => {
    const own = /Generation(\d+)/.exec(document.querySelector('#facts')?.textContent ?? '')?.[1]
    return own !== undefined && own === document.querySelector('#chain .current strong')?.textContent
  })
  const generation = Number(await text(tab, '#chain .current strong'))
  expect(isNew(generation)).toBe(true)
  return generation
}

test('the server’s newest token has the generation that the client tells', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  const first = await agreed(tab, () => true)
  await click(tab, '#refresh')
  await shows(tab, '#facts', `Generation${first + 1}`)
  await shows(tab, '#chain', 'spent by tab 1')
  await agreed(tab, (generation) => generation === first + 1)
  expect(await text(tab, '#chain .spent strong')).toBe(String(first))
  // A sign-in that is given up leaves the session as it was.
  await tab.evaluate(() => {
    const { auth } = globalThis as unknown as { auth: { signIn(login: () => Promise<never>): Promise<void> } }
    return auth.signIn(() => Promise.reject(new Error('no'))).catch(() => {})
  })
  await click(tab, '#refresh')
  await shows(tab, '#facts', `Generation${first + 2}`)
  await agreed(tab, (generation) => generation === first + 2)
  // A second sign-in goes on from there, and the server begins anew.
  await tab.evaluate(() => document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit())
  await tab.waitFor(() => document.querySelectorAll('#chain .link').length === 1)
  const second = await agreed(tab, (generation) => generation > first + 2)
  const other = await stage.open()
  await other.waitFor(isSignedIn)
  await agreed(other, (generation) => generation === second)
  await tab.close()
  await other.reload()
  await other.waitFor(isSignedIn)
  await agreed(other, (generation) => generation >= second)
})

test('a message of a generation that is over turns nothing back', async ({ stage }) => {
  const shown = () => Number(/Generation(\d+)/.exec(document.querySelector('#facts')?.textContent ?? '')?.[1])
  const tab = await stage.openSignedIn()
  const other = await stage.open()
  await other.waitFor(isSignedIn)
  await other.evaluate(() => {
    const channel = new BroadcastChannel('authfetch-demo-cookie')
    channel.onmessage = ({ data }) => {
      if (!data.tokens) return
      channel.onmessage = null
      Object.assign(window, { sendAgain: () => channel.postMessage(data) })
    }
  })
  const first = await tab.evaluate(shown)
  await click(tab, '#refresh')
  await other.waitFor(() => 'sendAgain' in window)
  await click(tab, '#refresh')
  await shows(tab, '#facts', `Generation${first + 2}`)
  await other.evaluate(() => (window as unknown as { sendAgain(): void }).sendAgain())
  // The other tab has heard it before; now both tabs do.
  await tab.waitFor(
    (words: string) => (document.querySelector('#log')?.textContent ?? '').split(words).length > 3,
    `message heard: news, generation ${first + 1}`,
  )
  // The page draws once a second.
  const drawn = await text(tab, '#countdown')
  await tab.waitFor((before: string) => document.querySelector('#countdown')?.textContent !== before, drawn)
  expect(await tab.evaluate(shown)).toBe(first + 2)
})

describe('the second API', () => {
  test.for<readonly [custody: string, isBound: boolean]>([
    ['cookie', false],
    ['client', false],
    ['client', true],
    ['cookie-only', false],
  ])(
    'its calls take a token of their own, from the same chain: %s, bound: %s',
    async ([custody, isBound], { stage }) => {
      const tab = await stage.openSignedIn(custody, isBound)
      const other = await stage.open()
      await other.waitFor(isSignedIn)
      const first = await agreed(tab, () => true)
      await click(tab, '[data-call=reports]')
      await shows(tab, '#said', 'The Reports API answered 200 for alice, to a token for reports.')
      await click(tab, '[data-call=api]')
      await shows(tab, '#said', 'The API answered 200 for alice.')
      for (const one of [tab, other]) {
        await shows(one, '#facts', `Generation${first + 1}`)
        await agreed(one, (generation) => generation === first + 1)
      }
      await shows(tab, '#chain .current', 'reports')
      await shows(tab, '#chain .spent:nth-last-child(2)', 'api')
      await shows(tab, '#apis', `200, to token ${first + 1} for reports`)
      await shows(tab, '#apis', `200, to token ${first} for api`)
      // The other tab has heard of the token, and uses it.
      await other.waitFor(
        (words: string) => document.querySelector('[data-call=reports]')?.closest('tr')?.textContent?.includes(words),
        `${first + 1} for reports`,
      )
      await click(other, '[data-call=reports]')
      await shows(other, '#apis', `200, to token ${first + 1} for reports`)
      const { refreshesGranted, reusesDetected } = await (await fetch(`${stage.origin}/admin/stats`)).json()
      expect([refreshesGranted, reusesDetected]).toEqual([1, 0])
      expect([...tab.errors, ...other.errors]).toEqual([])
    },
  )

  test('its refresh leaves the timer of the session as it is shown', async ({ stage }) => {
    const tab = await stage.openSignedIn()
    await tab.waitFor(() => /refresh is due in \d+ s/.test(document.querySelector('#countdown')?.textContent ?? ''))
    const due = (): string => document.querySelector<HTMLElement>('#life-due')?.style.insetInlineStart ?? ''
    const before = await tab.evaluate(due)
    await click(tab, '[data-call=reports]')
    await shows(tab, '#said', 'The Reports API answered 200')
    // The page draws four times a second.
    const drawn = await text(tab, '#countdown')
    await tab.waitFor((words: string) => document.querySelector('#countdown')?.textContent !== words, drawn)
    expect(await tab.evaluate(due)).toBe(before)
  })

  test('an API that is not granted is denied, and the session goes on', async ({ stage }) => {
    const tab = await stage.openSignedIn()
    await click(tab, '[data-call=billing]')
    await shows(tab, '#said', 'The server gives no token for the Billing API (invalid_target). The session goes on.')
    await shows(tab, '#apis', 'not sent: the server gives no token (invalid_target)')
    await click(tab, '#refresh')
    await shows(tab, '#said', 'one generation')
    await click(tab, '[data-call=reports]')
    await shows(tab, '#said', 'The Reports API answered 200')
    expect(await tab.evaluate(isSignedIn)).toBe(true)
    expect(await audit(tab)).toEqual([])
  })
})

test('small tabs in frames and in windows are closed together', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  await click(tab, '#open-frame')
  await tab.evaluate(() => {
    window.open('/tab.html', '_blank', 'popup')
  })
  await tab.waitFor(() => document.querySelector('#tab-count')?.textContent === '3 tabs open')
  await click(tab, '#close-small')
  await tab.waitFor(() => document.querySelector('#tab-count')?.textContent === '1 tab open')
  await tab.waitFor(() => document.querySelector<HTMLElement>('#close-small')?.hidden)
})

test('the timer that is armed and the point where the refresh is due are shown', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  await tab.waitFor(() => document.querySelector('#overview .due') !== null)
  await tab.waitFor(() => document.querySelector<HTMLElement>('#life-due')?.hidden === false)
  await shows(tab, '#countdown', 'its refresh is due in')
})

test('a session is revoked from the server panel, and the page is signed out at its next refresh', async ({
  stage,
}) => {
  const tab = await stage.openSignedIn()
  await tab.waitFor(() => document.querySelector('#sessions button') !== null)
  await click(tab, '#sessions button')
  await shows(tab, '#sessions', 'revoked by an administrator')
  await click(tab, '#refresh')
  await shows(tab, '#status', 'signed out: rejected')
  await shows(tab, '#chain', 'revoked by an administrator')
})

test('the log is filtered, searched, paused, copied and cleared', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  await shows(tab, '#log', 'lock held')
  await click(tab, '[name="log-kind"][value="lock"]')
  await tab.waitFor(() => !document.querySelector('#log')?.textContent?.includes('lock held'))
  await tab.evaluate(() => {
    const search = document.querySelector<HTMLInputElement>('#log-search')
    if (search) search.value = 'Tab 1 signed-in'
    search?.dispatchEvent(new Event('input'))
    Object.defineProperty(navigator, 'clipboard', {
      value: { writeText: async (copied: string) => Object.assign(window, { copied }) },
    })
  })
  await tab.waitFor(() =>
    [...document.querySelectorAll('#log li')].every(({ textContent }) => textContent?.includes('signed-in')),
  )
  await click(tab, '#log-copy')
  await shows(tab, '#said', 'entries of the log are in the clipboard')
  const copied = await tab.evaluate(() => String(Reflect.get(window, 'copied')))
  expect(copied.split('\n').every((line) => /^\d\d:\d\d:\d\d\.\d{3} {2}Tab 1 {2}/.test(line))).toBe(true)
  expect(copied).toContain('signed-in')
  await tab.evaluate(() => {
    const search = document.querySelector<HTMLInputElement>('#log-search')
    if (search) search.value = ''
    search?.dispatchEvent(new Event('input'))
  })
  await click(tab, '#log-pause')
  await click(tab, '#refresh')
  await shows(tab, '#log-count', 'more since')
  expect(await text(tab, '#log')).not.toContain('ledger: commit')
  await click(tab, '#log-pause')
  await shows(tab, '#log', 'ledger: commit')
  await click(tab, '#log-clear')
  await tab.waitFor(() => document.querySelectorAll('#log li').length === 0)
})

test('off line for real, nobody is signed out, and back on line the next call is answered', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  await tab.offline(true)
  await click(tab, '#call')
  await shows(tab, '#said', 'was not answered')
  await shows(tab, '#server-state', 'cannot be reached')
  expect(await text(tab, '#status')).toContain('signed in')
  await tab.offline(false)
  await click(tab, '#call')
  await shows(tab, '#said', 'The API answered 200')
})

test('the focus goes on when what had it goes away', async ({ stage }) => {
  const tab = await stage.open()
  await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
  await tab.evaluate(() => {
    document.querySelector<HTMLElement>('#user')?.focus()
    document.querySelector<HTMLFormElement>('#sign-in')?.requestSubmit()
  })
  await tab.waitFor(isSignedIn)
  expect(await tab.evaluate(() => document.activeElement?.id)).toBe('session-title')
  await tab.evaluate(() => document.querySelector<HTMLElement>('#sign-out')?.focus())
  await click(tab, '#sign-out')
  await tab.waitFor(() => document.querySelector<HTMLElement>('#signed-in')?.hidden)
  expect(await tab.evaluate(() => document.activeElement?.id)).toBe('session-title')
})

test('what can be pressed, filled in or scrolled is reached with the keyboard', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  const unreachable = await tab.evaluate(() => {
    const isShown = (element: HTMLElement): boolean => element.checkVisibility()
    const controls = [...document.querySelectorAll<HTMLElement>('button, a[href], input, select, summary')]
    const scrollers = [...document.querySelectorAll<HTMLElement>('main *')].filter(
      (element) => element.scrollHeight > element.clientHeight && getComputedStyle(element).overflowY === 'auto',
    )
    return [...controls, ...scrollers]
      .filter((one) => isShown(one) && one.tabIndex !== 0)
      .map(({ outerHTML }) => outerHTML)
  })
  expect(unreachable).toEqual([])
})

test('the tour has six steps, signs in at the first, comes at the first visit only, and ends with Escape', async ({
  stage,
}) => {
  const tab = await stage.profile.open(stage.origin)
  await tab.waitFor(() => document.querySelector<HTMLDialogElement>('#tour')?.open)
  expect(await tab.evaluate(() => scrollY)).toBe(0)
  expect(await text(tab, '#tour-next')).toBe('Sign in as alice, and next')
  for (const step of [1, 2, 3, 4, 5, 6]) {
    await shows(tab, '#tour-count', `Step ${step} of 6`)
    expect(await tab.evaluate(isSignedIn)).toBe(step > 1)
    expect(await tab.evaluate(() => document.querySelectorAll('.toured').length)).toBe(1)
    expect(await tab.evaluate(() => document.activeElement?.id)).toBe('tour-title')
    if (step < 6) await click(tab, '#tour-next')
  }
  await tab.evaluate(() =>
    document.querySelector('#tour')?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true })),
  )
  expect(await tab.evaluate(() => document.querySelector<HTMLDialogElement>('#tour')?.open)).toBe(false)
  expect(await tab.evaluate(() => document.activeElement?.id)).toBe('take-tour')
  // Back where it began.
  await tab.waitFor(() => scrollY === 0)
  await tab.reload()
  await tab.waitFor(() => document.body.dataset.ready === 'true')
  expect(await tab.evaluate(() => document.querySelector<HTMLDialogElement>('#tour')?.open)).toBe(false)
})

test('every link to the documents leads to a page and a section that exist', async ({ stage }) => {
  const tab = await stage.open()
  const links = await tab.evaluate(() => [
    ...new Set([...document.querySelectorAll<HTMLAnchorElement>('a[href*="docs.html"]')].map(({ href }) => href)),
  ])
  expect(links.length).toBeGreaterThan(8)
  for (const link of links) {
    await tab.goto(link)
    await tab.waitFor(() => document.querySelector('#text h1') !== null)
    const found = await tab.evaluate(() => ({
      title: document.querySelector('#text h1')?.textContent,
      hasSection: location.hash === '' || document.getElementById(location.hash.slice(1)) !== null,
    }))
    expect({ link, ...found }).toEqual({ link, title: expect.not.stringContaining('Not found'), hasSection: true })
  }
})

test('whatever a document links to or shows is there', async ({ stage }) => {
  const tab = await stage.open()
  const visited = new Set<string>()
  const pages = [`${stage.origin}/docs.html?README`]
  const missing: string[] = []
  for (const page of pages) {
    await tab.goto(page)
    await tab.waitFor(() => document.querySelector('#text')?.childElementCount)
    await tab.waitFor(() => [...document.images].every(({ complete }) => complete))
    const found = await tab.evaluate(() => ({
      title: document.querySelector('#text h1')?.textContent ?? '',
      images: [...document.images].filter(({ naturalWidth }) => naturalWidth === 0).map(({ src }) => src),
      links: [...document.querySelectorAll('a')].map(({ href }) => href.replace(/#.*/, '')),
    }))
    if (found.title === 'Not found') missing.push(page)
    missing.push(...found.images)
    for (const link of found.links) {
      if (visited.has(link) || !link.startsWith(stage.origin)) continue
      visited.add(link)
      if (link.includes('/docs.html?')) pages.push(link)
      else if (!(await fetch(link)).ok) missing.push(link)
    }
  }
  expect(pages.length).toBeGreaterThan(10)
  expect(missing).toEqual([])
})

test('while an exercise runs, the live picture stays in view; and what was over before is not told again', async ({
  stage,
}) => {
  const tab = await stage.open()
  await tab.waitFor(() => document.querySelector<HTMLElement>('#sign-in')?.hidden === false)
  await tab.waitFor(() => document.querySelector<HTMLElement>('#status')?.dataset.status === 'signed-out')
  expect(await text(tab, '#said')).toBe('')
  // The tour that was skipped scrolls back in the second frame from then.
  await tab.evaluate(async () => {
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
    document.querySelector('#exercise-slow')?.scrollIntoView()
  })
  // Watched by the page itself: on a busy machine, the exercise may be over before the driver looks.
  await tab.evaluate(() => {
    const look = (): void => {
      const { top = -1, bottom = 0 } = document.querySelector('.docked #overview')?.getBoundingClientRect() ?? {}
      if (top >= 0 && bottom <= innerHeight) document.body.dataset.docked = 'in view'
      else setTimeout(look, 20)
    }
    look()
  })
  await click(tab, '[data-exercise="slow"]')
  await tab.waitFor(() => document.querySelector('#verdict-slow[data-verdict="passed"]') !== null)
  expect(await tab.evaluate(() => document.body.dataset.docked)).toBe('in view')
  await tab.waitFor(() => document.querySelector('.docked') === null)
  expect(await tab.evaluate(isSignedIn)).toBe(true)
  expect(await text(tab, '#said')).toBe('')
})

test('nothing is wider than a phone', async ({ stage }) => {
  const tab = await stage.openSignedIn()
  const overflow = await tab.evaluate(async () => {
    const frame = document.createElement('iframe')
    frame.style.cssText = 'position:fixed;inset:0 auto auto 0;width:360px;height:700px'
    frame.src = '/'
    document.body.append(frame)
    await new Promise((resolve) => frame.addEventListener('load', resolve))
    const page = frame.contentDocument as Document
    while (page.body.dataset.ready !== 'true') await new Promise((resolve) => setTimeout(resolve, 20))
    const { scrollWidth, clientWidth } = page.documentElement
    return scrollWidth - clientWidth
  })
  expect(overflow).toBe(0)
})

describe('in a browser whose tabs hide and freeze', () => {
  let lively: Browser | undefined
  beforeAll(async () => {
    // The headless shell has no such tabs.
    lively = await launch('chromium', { lifecycle: true }).catch(() => undefined)
  })
  afterAll(() => lively?.close())

  test('a hidden tab and a frozen one are shown as such, and again when they are back', async ({ stage, skip }) => {
    if (!lively) return skip('this Chromium has no hidden or frozen tabs')
    const profile = await lively.newProfile()
    const other = await profile.open(stage.origin)
    await other.waitFor(() => document.body.dataset.ready === 'true')
    const watcher = await profile.open(stage.origin)
    await watcher.waitFor(() => document.body.dataset.ready === 'true')
    await shows(watcher, '#overview-lanes', 'hidden')
    await other.freeze()
    await shows(watcher, '#overview-lanes', 'frozen')
    await watcher.waitFor(() => document.querySelector('#overview .span.frozen') !== null)
    await other.thaw()
    await watcher.waitFor(() => !document.querySelector('#overview-lanes')?.textContent?.includes('frozen'))
    await profile.close()
  })
})
