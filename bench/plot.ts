// Plots: Vega-Lite to SVG, without a browser.

import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** Readable on a light page and on a dark one. */
const CONFIG = { background: 'white', padding: 12, font: 'sans-serif', view: { stroke: null } }

export async function toSvg(specification: object): Promise<string> {
  const { spec } = compile({ config: CONFIG, ...specification } as TopLevelSpec)
  return await new View(parse(spec), { renderer: 'none' }).toSVG()
}
