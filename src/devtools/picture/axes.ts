/** What both drawings have in common: lanes one below the other, and a time axis. */

import type { SeenLane } from '../lanes/lane.ts'

export interface Frame {
  readonly from: number
  readonly to: number
  readonly width: number
  readonly row: number
  readonly lanes: readonly SeenLane[]
  readonly isZoomed: boolean
  /** Where ticks are counted from. */
  readonly origin: number
  nameTick(at: number): string
  x(at: number): number
  /** The top of a lane; undefined when it is not shown. */
  y(lane: string): number | undefined
}

export const AXIS = 22

export function createFrame(terms: Omit<Frame, 'x' | 'y'>): Frame {
  const { from, to, width, row, lanes } = terms
  const rows = new Map(lanes.map(({ id }, at) => [id, AXIS + at * row]))
  return { ...terms, x: (at) => ((at - from) / (to - from)) * width, y: (lane) => rows.get(lane) }
}

export const heightOf = ({ lanes, row }: Frame): number => AXIS + Math.max(1, lanes.length) * row
