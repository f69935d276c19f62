/** Times calls with bearer tokens. */

import { CALLERS } from './callers.ts'
import { type Costs, type CostTerms, timeCallers } from './timing.ts'

export type { Costs, CostTerms }

export const measureCost = (terms: CostTerms, progress?: (round: number) => void): Promise<Costs> =>
  timeCallers(CALLERS, terms, progress)
