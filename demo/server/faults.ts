// What goes wrong on purpose, for the demo and the tests; a real server needs none of this.

import type { ServerResponse } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { sendJson } from './http.ts'

const BEFORE = ['too-many-requests', 'unavailable', 'html', 'hang', 'request-lost', 'unauthorized'] as const
const AFTER = ['answer-lost', 'body-lost'] as const

export type FaultKind = 'latency' | (typeof BEFORE)[number] | (typeof AFTER)[number]

export interface Fault {
  /** `answer-lost` and `body-lost` strike at `refresh` only, `unauthorized` at `api` only. */
  readonly at: 'refresh' | 'api'
  readonly kind: FaultKind
  /** How many requests it strikes. */
  times: number
  /** For `latency` (in milliseconds); 1,000 by default. */
  readonly delay?: number
  /** For `too-many-requests` and `unavailable` (in seconds). */
  readonly retryAfter?: number
  /** For `html`; 502 by default, and 200 is what a captive portal sends. */
  readonly status?: number
}

/** A fault as it comes over the wire; undefined when it could never strike. */
export function readFault(value: object): Fault | undefined {
  const { times = 1, ...fault } = value as Fault
  const isKnown = ['latency', ...BEFORE, ...AFTER].includes(fault.kind) && ['refresh', 'api'].includes(fault.at)
  const isMisplaced = fault.at === 'api' ? AFTER.includes(fault.kind as never) : fault.kind === 'unauthorized'
  return isKnown && !isMisplaced && Number(times) > 0 ? { ...fault, times: Number(times) } : undefined
}

/** Takes the next fault that strikes here. */
function take(faults: Fault[], at: Fault['at'], kinds: readonly FaultKind[]): Fault | undefined {
  const fault = faults.find((one) => one.at === at && kinds.includes(one.kind))
  if (!fault) return undefined
  fault.times--
  if (fault.times <= 0) faults.splice(faults.indexOf(fault), 1)
  return fault
}

/** Strikes before anything is done; undefined when the request is to be processed, else the fault that struck. */
export async function strikeBefore(
  faults: Fault[],
  at: Fault['at'],
  response: ServerResponse,
  closing: AbortSignal,
): Promise<FaultKind | undefined> {
  const latency = take(faults, at, ['latency'])
  if (latency) await delay(latency.delay ?? 1_000, undefined, { signal: closing })
  const fault = take(faults, at, BEFORE)
  const retry: Record<string, string> = fault?.retryAfter === undefined ? {} : { 'Retry-After': `${fault.retryAfter}` }
  switch (fault?.kind) {
    case 'request-lost':
      response.destroy()
      break
    case 'html':
      response.writeHead(fault.status ?? 502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>')
      break
    case 'too-many-requests':
    case 'unavailable':
      sendJson(response, fault.kind === 'unavailable' ? 503 : 429, { error: 'temporarily_unavailable' }, retry)
      break
  }
  return fault?.kind
}

/** Strikes after the commit: the answer gets lost, whole or but for its headers; true when it did. */
export function strikeAfter(faults: Fault[], response: ServerResponse, body: object, cookies: string[]): boolean {
  const fault = take(faults, 'refresh', AFTER)
  if (fault?.kind === 'answer-lost') response.destroy()
  if (fault?.kind === 'body-lost') {
    const text = JSON.stringify(body)
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': text.length,
      'Set-Cookie': cookies,
    })
    response.write(text.slice(0, 9), () => response.destroy())
  }
  return fault !== undefined
}
