// A tab of the textbook's application: it shows whether it is signed in, and does what the exercise says.

import { logIn } from '../session.ts'
import { createTextbook } from './textbook.ts'

const { fetchWithToken, keep } = createTextbook({ tokenEndpoint: '/oauth/token', clientId: 'demo' })

const status = document.getElementById('status') as HTMLElement
const result = document.getElementById('result') as HTMLElement

const isSignedIn = (): boolean => localStorage.getItem('refresh_token') !== null

function show(): void {
  status.textContent = isSignedIn() ? 'signed in' : 'signed out'
  status.dataset.status = isSignedIn() ? 'signed-in' : 'signed-out'
}

async function call(): Promise<number> {
  try {
    const { status } = await fetchWithToken('/api/me')
    result.textContent = `The API answered ${status}.`
    return status
  } catch (error) {
    result.textContent = `No answer: ${error instanceof Error ? error.message : String(error)}.`
    return 0
  }
}

const TASKS: Readonly<Record<string, () => Promise<number>>> = {
  'sign in': async () => {
    keep((await logIn('alice', 'client', 'Textbook')) as { access_token: string; refresh_token: string })
    return call()
  },
  call,
  look: async () => 0,
}

addEventListener('message', async ({ data, origin, ports }) => {
  if (origin !== location.origin) return
  const answer = await TASKS[data]?.()
  show()
  ports[0]?.postMessage({ status: answer, isSignedIn: isSignedIn() })
})
addEventListener('storage', show)
show()
