// The table of all cases.

import type { Case } from '../context.ts'
import { BODIES_OF_ALL_TYPES } from './bodies.ts'
import { HEADERS } from './headers.ts'
import { INIT } from './init.ts'
import { INPUTS } from './inputs.ts'
import { REQUESTS } from './requests.ts'
import { RESPONSES } from './responses.ts'
import { SIGNALS } from './signals.ts'
import { STREAMS } from './streams.ts'

export const CASES: readonly Case[] = [
  ...INPUTS,
  ...REQUESTS,
  ...BODIES_OF_ALL_TYPES,
  ...INIT,
  ...HEADERS,
  ...RESPONSES,
  ...SIGNALS,
  ...STREAMS,
]
