// The two kinds of plot that the figures need, as Vega-Lite specifications.

export interface Bar {
  readonly name: string
  readonly value: number
}

const OURS = { condition: { test: "datum.name === 'authfetch'", value: '#c2410c' }, value: '#94a3b8' }

/** Horizontal bars, the smallest on top. */
export function bars(title: string, unit: string, values: readonly Bar[], isLog = false): object {
  const sort = values.toSorted((one, other) => one.value - other.value).map(({ name }) => name)
  const y = { field: 'name', type: 'nominal', sort, title: null, axis: { labelLimit: 260 } }
  const scale = isLog ? { type: 'log' } : {}
  return {
    title,
    width: 480,
    height: { step: 22 },
    data: { values: isLog ? values.filter(({ value }) => value > 0) : values },
    encoding: { y },
    layer: [
      {
        mark: 'bar',
        encoding: { x: { field: 'value', type: 'quantitative', title: unit, scale }, color: OURS },
      },
      {
        mark: { type: 'text', align: 'left', dx: 4 },
        encoding: {
          x: { field: 'value', type: 'quantitative' },
          text: { field: 'value', type: 'quantitative', format: '.3~g' },
        },
      },
    ],
  }
}

/** Ours as in the bars; the others as they come. */
const LINES = ['#475569', '#0284c7', '#65a30d', '#9333ea', '#ca8a04', '#db2777', '#0d9488']

function colorsOf(values: readonly Point[]): object {
  const names = [...new Set(values.map(({ name }) => name))]
  const others = LINES[Symbol.iterator]()
  return { domain: names, range: names.map((name) => (name === 'authfetch' ? '#c2410c' : others.next().value)) }
}

export interface Point {
  readonly name: string
  readonly x: number
  readonly y: number
}

export interface LineTerms {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly isLog?: boolean
  readonly hasPoints?: boolean
  readonly width?: number
}

export function lines(terms: LineTerms, values: readonly Point[]): object {
  return {
    title: terms.title,
    width: terms.width ?? 480,
    height: 260,
    data: { values },
    mark: { type: 'line', point: terms.hasPoints ?? false },
    encoding: {
      x: { field: 'x', type: 'quantitative', title: terms.x },
      y: { field: 'y', type: 'quantitative', title: terms.y, ...(terms.isLog && { scale: { type: 'symlog' } }) },
      color: { field: 'name', type: 'nominal', title: null, legend: { labelLimit: 260 }, scale: colorsOf(values) },
    },
  }
}
