// The table.

import type { Case } from '../context.ts'
import { INPUTS } from './inputs.ts'

export const CASES: readonly Case[] = [...INPUTS]
