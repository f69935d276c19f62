/** Sees the requests to the authorization server, how each answer was read; and plays tricks on the next one. */

import type { Cancel, Transport } from '../../core/ports.ts'
import type { Outcome } from '../../core/responses/outcome.ts'
import type { CheckedOptions } from '../../options.ts'
import { pageOrigin } from '../../platform/page.ts'
import { isResponse } from '../../refresh/transport.ts'
import { type Emit, nameAttempt, nextId, type OutcomeRule, type RequestKind } from '../observation.ts'
import { deniedCode } from './denial.ts'
import { patch, whenSettled } from './patch.ts'

/** What is done to the next refresh. `lose`: its answer does not arrive; `refuse`: a verdict; `slow`: it takes 5 s. */
export type Trick = 'lose' | 'refuse' | 'slow'

/** How long a slow answer takes more (in milliseconds). */
const SLOW = 5_000

/** The library's own words for an answer; messages of applications are not repeated. */
const ANSWERED = /^the server has answered with status (\d+)(?: and a page)?(?:, ([a-z_]{1,40}|[A-Z_]{1,40}))?$/

/** Origin and path, and the path alone on this origin. */
export function placeOf(url: URL | undefined): string {
  if (!url) return '(a function)'
  return url.origin === pageOrigin() ? url.pathname : url.origin + url.pathname
}

function ruleOf(outcome: Outcome, isAnswered: boolean): OutcomeRule {
  if ('isDenial' in outcome && outcome.isDenial) return 'the audience is denied'
  switch (outcome.kind) {
    case 'granted':
      return outcome.tokens ? 'new tokens' : 'the cookie is new, the body was lost'
    case 'rejected':
      return outcome.reason === 'reuse-detected' ? 'the server calls it reuse' : 'the verdict of the server'
    case 'refused':
      if (outcome.refusal === 'no') return 'the session may be over'
      return outcome.refusal ? 'no tokens that can be read' : 'refused for now'
    default:
      return isAnswered ? 'the outcome is unknown' : 'no answer'
  }
}

export interface Wire {
  /** What is done to the next refresh; undefined when nothing is. */
  trick: Trick | undefined
  /** With which status a sign-in was answered, in the task in which its answer was read. */
  loginStatus: number | undefined
  stop: Cancel
}

export function watchWire(
  checked: CheckedOptions,
  transport: Transport,
  after: (delay: number, callback: () => void) => unknown,
  emit: Emit,
): Wire {
  const place = placeOf(checked.refresh.endpoint)
  let status: number | undefined
  const wire: Wire = {
    trick: undefined,
    loginStatus: undefined,
    stop() {
      for (const step of undo) step()
    },
  }

  async function play<Value>(trick: Trick | undefined, answer: Promise<Value>): Promise<Value> {
    const value = await answer
    if (trick === 'slow') await new Promise<void>((resolve) => void after(SLOW, resolve))
    if (trick !== 'lose') return value
    status = undefined
    throw new TypeError('Failed to fetch')
  }

  /** A refresh function may have read an answer whose status nobody knows. */
  function answerIn(outcome: Outcome): { known: number | undefined; code: string | undefined; isAnswered: boolean } {
    const { error } = outcome as { error?: (Error & { readonly code?: unknown }) | undefined }
    const [, said, code = deniedCode(error)] = ANSWERED.exec(error?.message ?? '') ?? []
    const known = status ?? (said ? Number(said) : undefined)
    return { known, code, isAnswered: known !== undefined || error?.code === 'token-response' }
  }

  /** Tells of one request; `done` says what its end means. */
  function tell<Value>(
    request: RequestKind,
    path: string,
    send: () => Promise<Value>,
    done: (value: Value) => { readonly isFailed: boolean; readonly status?: number | undefined },
    { attempt, audience }: { readonly attempt?: string | undefined; readonly audience?: string | undefined } = {},
  ): Promise<Value> {
    const sight = { kind: 'wire', id: nextId(), request, path, attempt, audience } as const
    emit({ ...sight, step: 'sent' })
    return whenSettled(
      send(),
      (value) => {
        const { isFailed, status } = done(value)
        emit({ ...sight, step: isFailed ? 'failed' : 'answered', status })
      },
      () => emit({ ...sight, step: 'failed' }),
    )
  }

  const undo = [
    patch(checked as { refresh: CheckedOptions['refresh'] }, 'refresh', (refresh) =>
      Object.assign((request: Parameters<typeof refresh>[0]): ReturnType<typeof refresh> => {
        const { trick } = wire
        wire.trick = undefined
        status = undefined
        if (trick === 'refuse') {
          const body = { error: 'invalid_grant' }
          status = 400
          return Promise.resolve(Response.json(body, { status }))
        }
        const spy: typeof fetch = (input, init) =>
          whenSettled(request.fetch(input, init), (response) => {
            status = response.status || undefined
          })
        // One call, so that the refresh function still calls `fetch` before its first await.
        return play(trick, refresh({ ...request, fetch: spy }))
      }, refresh),
    ),
    patch(transport, 'send', (send) => (claim, proof) => {
      status = undefined
      const { id, audience } = claim.attempt ?? {}
      const sending = tell(
        'refresh',
        place,
        () => send(claim, proof),
        (outcome) => {
          const { known, isAnswered } = answerIn(outcome)
          return { isFailed: outcome.kind === 'doubt' && !outcome.isDenial && !isAnswered, status: known }
        },
        { attempt: nameAttempt(id), audience },
      )
      return whenSettled(sending, (outcome) => {
        const { isMistake } = outcome as { isMistake?: boolean }
        const { known, code, isAnswered } = answerIn(outcome)
        const rule = ruleOf(outcome, isAnswered)
        emit({ kind: 'outcome', step: outcome.kind, rule, status: known, code, isMistake, audience })
      })
    }),
    patch(
      transport,
      'probe',
      (probe) => () => tell('probe', place, probe, (isReachable) => ({ isFailed: !isReachable })),
    ),
    patch(transport, 'read', (read) => (login) => {
      const end = (): void => {
        wire.loginStatus = isResponse(login) ? login.status : undefined
        // Whoever reads the answer writes its failure before this microtask.
        queueMicrotask(() => {
          wire.loginStatus = undefined
        })
      }
      return whenSettled(read(login), end, end)
    }),
    patch(transport, 'revoke', (revoke) => (...terms) => {
      if (!checked.onSignOut) return revoke(...terms)
      return tell(
        'sign-out',
        '(the sign-out function)',
        () => revoke(...terms),
        () => ({ isFailed: false }),
      )
    }),
  ]
  return wire
}
