// The access tokens of this tab, one for each API: their numbers in the chain, and which of them the last calls took.

import { now } from '../../src/devtools/time.ts'
import { find, h, show } from './dom.ts'
import { type KnownToken, tokenOf } from './known-tokens.ts'
import { type CallResult, callApi, type OwnTab } from './tab.ts'

interface Api {
  /** In words. */
  readonly name: string
  /** Of its tokens, and its address. */
  readonly audience: string
  /** What is called there. */
  readonly path: string
}

const APIS: readonly Api[] = [
  { name: 'API', audience: 'api', path: '/api/me' },
  { name: 'Reports API', audience: 'reports', path: '/reports/summary' },
  { name: 'Billing API', audience: 'billing', path: '/billing/invoices' },
]

const link = (number: number | undefined): HTMLElement =>
  h('strong', { class: 'number' }, number === undefined ? '–' : String(number))

function describeToken(audience: string, token: KnownToken | undefined): readonly (string | HTMLElement)[] {
  if (!token) return ['none']
  const { number, expiresAt } = token
  const left = expiresAt === undefined ? undefined : Math.ceil((expiresAt - now()) / 1000)
  const life = left === undefined ? '' : left > 0 ? `, ${left} s left` : ', expired'
  return [link(number), ` for ${audience}${life}`]
}

function describeCall({ status, taken, audience, denied }: CallResult): readonly (string | HTMLElement)[] {
  if (denied) return [`not sent: the server gives no token (${denied})`]
  if (status === 0) return ['not answered']
  return audience ? [`${status}, to token `, link(taken), ` for ${audience}`] : [`${status}`]
}

/** What a call came to, in a sentence. */
export function tellCall(name: string, { status, subject, audience, denied }: CallResult): string {
  if (denied) return `The server gives no token for the ${name} (${denied}). The session goes on.`
  if (status === 0) return 'The call was not answered.'
  const whose = subject ? ` for ${subject}` : ''
  return `The ${name} answered ${status}${whose}${audience && audience !== 'api' ? `, to a token for ${audience}` : ''}.`
}

export function createApis({ account, calls }: OwnTab, say: (text: string) => void): void {
  const card = find('apis-card')
  const rows = APIS.map((api) => {
    const token = h('td', { 'data-label': 'Access token' })
    const last = h('td', { 'data-label': 'Last call' })
    const call = async (): Promise<void> => {
      const result = await callApi(account, api.path, calls)
      update()
      say(tellCall(api.name, result))
    }
    const button = h(
      'button',
      { type: 'button', class: 'small', 'data-call': api.audience, 'aria-label': `Call the ${api.name}`, click: call },
      'Call',
    )
    find('apis').append(
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, api.name, ' ', h('code', {}, `/${api.audience}/`)),
        token,
        last,
        h('td', {}, button),
      ),
    )
    return { api, token, last }
  })

  function update(): void {
    const isSignedIn = account.client.getState().status === 'signed-in'
    card.hidden = !isSignedIn
    if (!isSignedIn) calls.clear()
    for (const { api, token, last } of rows) {
      show(token, [h('span', {}, ...describeToken(api.audience, tokenOf(account.client, api.audience)))])
      const call = calls.get(api.path)
      show(last, [h('span', {}, ...(call ? describeCall(call) : ['none']))])
    }
  }

  account.subscribe(update)
  setInterval(() => {
    if (document.visibilityState === 'visible') update()
  }, 250)
  update()
}
