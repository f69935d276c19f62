// What the recipes import as the application's client: one of `authfetch/testing`, before a network that tests answer.

import type { AuthClient } from 'authfetch'
import { createTestAuth, type TestAuth } from 'authfetch/testing'
import { drain } from '../../../src/testing/virtual-platform.ts'

export const API = 'https://api.example'

export interface Network {
  /** What reached the network. */
  readonly sent: Request[]
  answer: (request: Request, nth: number) => Response | Promise<Response>
}

export const network: Network = { sent: [], answer: () => Response.json({ ok: true }) }

export const browser: TestAuth = await createTestAuth({
  origins: [API],
  async fetch(input, init) {
    const request = new Request(input, init)
    const { signal } = request
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(signal.reason)
      signal.addEventListener('abort', () => reject(signal.reason))
    })
    // No network answers in the task in which it was asked.
    const answered = drain().then(() => network.answer(request, network.sent.push(request)))
    return Promise.race([answered, aborted])
  },
})

export const auth: AuthClient = browser.client
