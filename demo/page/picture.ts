// The live picture: all tabs over the last minute and the next half, and one moment of activity under the magnifier.

import { find, h, onPaint, setText, show, svg } from './dom.ts'
import type { Lanes, SeenLane } from './lanes.ts'
import { type Moment, readMoments, readScene, type Scene, type Span, type SpanKind, tellMoment } from './scene.ts'
import { clockTime, countdown, duration, now, plural } from './time.ts'

const PAST = 60_000
const FUTURE = 30_000
const ROW = 40
const ZOOM_ROW = 58
const AXIS = 22
const LEAST = 4
/** The width of a letter in a span. */
const LETTER = 6.2

/** Where in a lane each kind is drawn: top and height, as shares of the row. */
const PLACES: Readonly<Record<SpanKind, readonly [number, number]>> = {
  hidden: [0, 1],
  frozen: [0, 1],
  offline: [0, 1],
  waiting: [0.12, 0.22],
  lock: [0.12, 0.22],
  claim: [0.39, 0.22],
  wire: [0.66, 0.22],
  probe: [0.66, 0.22],
  api: [0.92, 0.06],
}

interface Frame {
  readonly from: number
  readonly to: number
  readonly width: number
  readonly row: number
  readonly lanes: readonly SeenLane[]
  readonly isZoomed: boolean
}

/** What is written into a span, the longest that fits. */
function namesOf({ kind, label, to }: Span): readonly string[] {
  switch (kind) {
    case 'waiting':
      return [label, 'waits']
    case 'lock':
      return [label, kind]
    case 'claim':
      return [label, kind]
    case 'wire':
    case 'probe': {
      const end = /\d{3}$|no answer$/.exec(label)?.[0]
      return to === undefined ? [`${label}, on the wire`, 'on the wire'] : [label, end ?? kind]
    }
    default:
      return []
  }
}

function drawSpan(span: Span, frame: Frame, x: (at: number) => number, y: number): SVGElement | undefined {
  const end = span.to ?? Math.min(now(), frame.to)
  if (end < frame.from || span.from > frame.to) return undefined
  const [top, height] = PLACES[span.kind]
  const left = Math.max(x(span.from), -2)
  const width = Math.max(Math.min(x(end), frame.width + 2) - left, LEAST)
  const box = svg(
    'rect',
    {
      class: `span ${span.kind}${span.isBad ? ' bad' : ''}`,
      x: left,
      y: y + top * frame.row,
      width,
      height: height * frame.row,
      rx: span.kind === 'hidden' || span.kind === 'frozen' || span.kind === 'offline' ? 0 : 2.5,
    },
    svg('title', {}, span.label),
  )
  const name = frame.isZoomed ? namesOf(span).find(({ length }) => length * LETTER + 10 <= width) : undefined
  if (!name) return box
  const middle = y + (top + height / 2) * frame.row
  const place = { x: Math.max(left, 0) + 5, y: middle + 3.5 }
  const word = svg('text', { class: `word ${span.kind}${span.isBad ? ' bad' : ''}`, ...place }, name)
  return svg('g', {}, box, word)
}

function drawMark(kind: string, label: string, x: number, y: number, row: number): SVGElement {
  const middle = y + row / 2
  const size = row > ROW ? 7 : 5
  const shapes: Readonly<Record<string, () => SVGElement>> = {
    commit: () => svg('path', { d: `M${x} ${middle - size}l${size} ${size}-${size} ${size}-${size}-${size}z` }),
    adopted: () => svg('circle', { cx: x, cy: middle, r: size - 1.5 }),
    'signed-in': () => svg('circle', { cx: x, cy: middle, r: size - 1.5 }),
    ended: () =>
      svg('path', {
        d: `M${x - size} ${middle - size}l${size * 2} ${size * 2}m0-${size * 2}l-${size * 2} ${size * 2}`,
      }),
    trouble: () => svg('path', { d: `M${x} ${middle - size}l${size} ${size * 2}h-${size * 2}z` }),
    opened: () => svg('path', { d: `M${x} ${y + 3}v${row - 6}` }),
  }
  const shape = shapes[kind]?.() ?? svg('g')
  shape.setAttribute('class', `mark ${kind}`)
  shape.append(svg('title', {}, label))
  return shape
}

/** Steps of 1, 2 or 5 that leave room for their names. */
function ticks(length: number, width: number): number {
  const rough = (length / width) * 90
  const power = 10 ** Math.floor(Math.log10(rough))
  return [1, 2, 5, 10].map((step) => step * power).find((step) => step >= rough) ?? 10 * power
}

function draw(
  target: SVGSVGElement,
  scene: Scene,
  frame: Frame,
  nameTick: (at: number) => string,
  origin: number,
): void {
  const { from, to, width, row, lanes } = frame
  const height = AXIS + Math.max(1, lanes.length) * row
  const x = (at: number): number => ((at - from) / (to - from)) * width
  const rows = new Map(lanes.map(({ id }, at) => [id, AXIS + at * row]))
  const parts: SVGElement[] = []
  const step = ticks(to - from, width)
  for (let at = origin + Math.ceil((from - origin) / step) * step; at <= to; at += step) {
    parts.push(svg('path', { class: 'tick', d: `M${x(at)} ${AXIS - 5}V${height}` }))
    const anchor = x(at) < 24 ? 'start' : x(at) > width - 30 ? 'end' : 'middle'
    parts.push(svg('text', { class: 'axis', x: Math.max(0, x(at)), y: 11, 'text-anchor': anchor }, nameTick(at)))
  }
  for (const y of rows.values()) parts.push(svg('path', { class: 'rule', d: `M0 ${y}H${width}` }))
  for (const span of scene.spans) {
    const y = rows.get(span.lane)
    const shape = y === undefined ? undefined : drawSpan(span, frame, x, y)
    if (shape) parts.push(shape)
  }
  if (!frame.isZoomed) {
    const time = now()
    parts.push(svg('path', { class: 'now', d: `M${x(time)} ${AXIS - 7}V${height}` }))
    for (const { id, expiresAt, refreshAt, visibility } of lanes) {
      const y = rows.get(id) ?? 0
      if (visibility === 'closed') continue
      if (expiresAt && expiresAt > time) {
        const end = Math.min(x(expiresAt), width)
        parts.push(
          svg(
            'path',
            { class: 'validity', d: `M${x(time)} ${y + row / 2}H${end}` },
            svg('title', {}, 'the access token is valid'),
          ),
        )
        if (expiresAt < to) parts.push(svg('path', { class: 'expiry', d: `M${end} ${y + row / 2 - 6}v12` }))
      }
      if (refreshAt && refreshAt > time && refreshAt < to) {
        const at = x(refreshAt)
        parts.push(
          svg(
            'path',
            { class: 'due', d: `M${at - 5} ${y + row / 2 - 6}l10 6-10 6z` },
            svg('title', {}, 'the timer is armed: refresh'),
          ),
        )
      }
    }
  }
  if (frame.isZoomed) {
    for (const { from: source, to: goal, sentAt, heardAt, label } of scene.arrows) {
      const start = rows.get(source)
      const end = rows.get(goal)
      if (start === undefined || end === undefined || sentAt > to || heardAt < from) continue
      const down = end > start
      const [x1, x2] = [x(sentAt), Math.max(x(heardAt), x(sentAt))]
      const line = svg(
        'path',
        {
          class: 'arrow',
          d: `M${x1} ${start + row / 2}L${x2} ${down ? end + 8 : end + row - 8}`,
          'marker-end': 'url(#arrowhead)',
        },
        svg('title', {}, label),
      )
      parts.push(line)
    }
  }
  for (const { lane, kind, at, label } of scene.marks) {
    const y = rows.get(lane)
    if (y !== undefined && at >= from && at <= to) parts.push(drawMark(kind, label, x(at), y, row))
  }
  target.setAttribute('viewBox', `0 0 ${width} ${height}`)
  target.style.height = `${height}px`
  const kept = target.querySelector('defs')
  target.replaceChildren(...(kept ? [kept, ...parts] : parts))
}

function wordsFor(lane: SeenLane, time: number): string {
  if (lane.visibility === 'closed') return 'closed'
  if (lane.visibility === 'frozen') return 'frozen'
  if (lane.isSilent) return 'silent: frozen or gone'
  const hidden = lane.visibility === 'hidden' ? ', hidden' : ''
  if (lane.status !== 'signed in') return `${lane.status}${hidden}`
  const due = lane.refreshAt && lane.refreshAt > time ? `refresh in ${countdown(lane.refreshAt - time)}` : 'signed in'
  return `${due}${hidden}`
}

function labels(target: HTMLElement, lanes: readonly SeenLane[], self: string, row: number, hasState: boolean): void {
  const time = now()
  show(
    target,
    lanes.map((lane) =>
      h(
        'li',
        { class: lane.visibility === 'closed' || lane.isSilent ? 'gone' : '', style: `height:${row}px` },
        h('b', {}, `Tab ${lane.number || '…'}`, lane.id === self && h('span', { class: 'you' }, 'this one')),
        hasState && h('span', {}, wordsFor(lane, time)),
      ),
    ),
  )
}

export function createPicture(lanes: Lanes): void {
  const overview = find('overview') as unknown as SVGSVGElement
  const zoom = find('zoom') as unknown as SVGSVGElement
  const isCalm = matchMedia('(prefers-reduced-motion: reduce)')
  /** The start of the moment that is looked at; undefined follows the newest. */
  let chosen: number | undefined
  let moments: readonly Moment[] = []
  let zoomed = ''

  const nameOf = (id: string): string => `Tab ${lanes.all().find((lane) => lane.id === id)?.number ?? '?'}`

  function drawZoom(scene: Scene, all: readonly SeenLane[]): void {
    const at = chosen === undefined ? moments.length - 1 : moments.findIndex(({ from }) => from === chosen)
    const moment = moments[at]
    find<HTMLButtonElement>('earlier').disabled = at <= 0
    find<HTMLButtonElement>('newest').disabled = chosen === undefined
    find<HTMLButtonElement>('later').disabled = at < 0 || at >= moments.length - 1
    find('zoom-body').hidden = !moment
    find('zoom-empty').hidden = Boolean(moment)
    if (!moment) {
      setText(find('zoom-title'), 'Nothing yet')
      return
    }
    const length = moment.to - moment.from
    setText(find('zoom-title'), moment.title)
    setText(find('zoom-time'), `${clockTime(moment.from)}, ${duration(length)}${moment.isOver ? '' : ' and going on'}`)
    const room = Math.max(length * 0.06, 0.4)
    const seen = (lane: string): boolean =>
      [
        ...scene.spans.filter(({ kind }) => kind !== 'hidden' && kind !== 'api'),
        ...scene.marks.map((mark) => ({ ...mark, from: mark.at, to: mark.at })),
      ].some((one) => one.lane === lane && one.from <= moment.to && (one.to ?? now()) >= moment.from)
    const shown = all.filter(({ id, visibility }) => seen(id) || visibility !== 'closed')
    labels(find('zoom-lanes'), shown, lanes.self.id, ZOOM_ROW, false)
    const frame: Frame = {
      from: moment.from - room,
      to: moment.to + room,
      width: Math.max(zoom.parentElement?.clientWidth ?? 600, 300),
      row: ZOOM_ROW,
      lanes: shown,
      isZoomed: true,
    }
    // Drawn anew only when it differs, so that a tooltip stays.
    const drawn = [
      moment.from,
      moment.to,
      moment.isOver,
      frame.width,
      scene.marks.length,
      scene.arrows.length,
      ...shown.map(({ id }) => id),
    ].join()
    if (drawn === zoomed && moment.isOver) return
    zoomed = drawn
    draw(
      zoom,
      scene,
      frame,
      (tick) => duration(Math.abs(tick - moment.from) < 0.001 ? 0 : tick - moment.from),
      moment.from,
    )
    const steps = tellMoment(scene, moment, nameOf)
    show(
      find('zoom-words'),
      steps.map(({ at: time, text, isBad }) =>
        h(
          'li',
          isBad ? { class: 'bad' } : {},
          h('span', { class: 'offset' }, `${(time - moment.from).toFixed(1)} ms`),
          text,
        ),
      ),
    )
  }

  function paint(): void {
    const all = lanes.all()
    const scene = readScene(all.map(({ id }) => ({ lane: id, observations: lanes.historyOf(id) })))
    const time = now()
    moments = readMoments(scene, time)
    if (chosen !== undefined && !moments.some(({ from }) => from === chosen)) chosen = undefined
    labels(find('overview-lanes'), all, lanes.self.id, ROW, true)
    const width = Math.max(overview.parentElement?.clientWidth ?? 600, 240)
    const share = width < 520 ? 0.5 : 1
    const frame: Frame = {
      from: time - PAST * share,
      to: time + FUTURE * share,
      width,
      row: ROW,
      lanes: all,
      isZoomed: false,
    }
    const nameTick = (tick: number): string => {
      const seconds = Math.round((tick - time) / 1000)
      return seconds === 0 ? 'now' : `${seconds > 0 ? '+' : '−'}${Math.abs(seconds)} s`
    }
    draw(overview, scene, frame, nameTick, time)
    const open = all.filter(({ visibility }) => visibility !== 'closed')
    setText(find('tab-count'), `${plural(open.length, 'tab')} open`)
    drawZoom(scene, all)
  }

  function go(by: number): void {
    const at = chosen === undefined ? moments.length - 1 : moments.findIndex(({ from }) => from === chosen)
    const next = moments[at + by]
    chosen = at + by >= moments.length - 1 ? undefined : next?.from
    paint()
  }
  find('earlier').addEventListener('click', () => go(-1))
  find('later').addEventListener('click', () => go(1))
  find('newest').addEventListener('click', () => go(moments.length))
  overview.addEventListener('click', (event) => {
    const box = overview.getBoundingClientRect()
    const share = box.width < 520 ? 0.5 : 1
    const at = now() - PAST * share + ((event.clientX - box.left) / box.width) * (PAST + FUTURE) * share
    const nearest = [...moments].sort((a, b) => Math.abs(a.from - at) - Math.abs(b.from - at))[0]
    if (!nearest || Math.abs(nearest.from - at) > 4_000) return
    chosen = nearest === moments.at(-1) ? undefined : nearest.from
    paint()
  })

  const soon = onPaint(paint)
  lanes.subscribe(soon)
  setInterval(soon, isCalm.matches ? 1_000 : 200)
  paint()
}
