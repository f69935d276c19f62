// A small tab: a client like any other, and what it knows in a few words.

import { countdown, now } from '../src/devtools/time.ts'
import { find, setText } from './page/dom.ts'
import { callApi, openTab } from './page/tab.ts'
import { applyTheme } from './page/theme.ts'

applyTheme()
addEventListener('storage', ({ key }) => key === 'demo-theme' && applyTheme())
const { account, lanes } = openTab({ isSmall: true })

function show(): void {
  const { number, status, user, generation, refreshAt } = lanes.self
  setText(find('number'), number ? `Tab ${number}` : 'Tab …')
  setText(find('status'), status)
  find('status').dataset.status = account.client.getState().status
  setText(find('user'), user ?? '–')
  setText(find('generation'), generation === undefined ? '–' : String(generation))
  setText(find('due'), refreshAt ? countdown(refreshAt - now()) : '–')
}

lanes.subscribe(show)

async function call(path: string): Promise<void> {
  const { status, audience } = await callApi(account, path)
  setText(find('result'), status ? `${status}${audience ? ` for ${audience}` : ''}` : 'No answer.')
}

find('call').addEventListener('click', () => call('/api/me'))
find('call-reports').addEventListener('click', () => call('/reports/summary'))
await lanes.join()
document.title = `Tab ${lanes.self.number} of authfetch`
show()
