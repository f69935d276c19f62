// How evenly the load of the token endpoint falls, minute by minute: after a deploy, through an outage, on a morning.

import { type LineTerms, lines, type Point } from '../charts.ts'
import { LIFETIME, LONGEST, type Load, MINUTE, type Scenario, simulate } from '../fleet.ts'
import type { Result } from '../report.ts'
import type { Terms } from '../run.ts'
import { digits } from '../statistics.ts'

const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const OUTAGE = [6 * HOUR, 6 * HOUR + 10 * MINUTE] as const
/** When the first laptop of the morning wakes, and the last one (in milliseconds). */
const MORNING = [2 * HOUR, 2 * HOUR + 20 * MINUTE] as const
/** A minute with more than so many times the mean is not even. */
const EVEN = 1.3

type Story = Omit<Scenario, 'clients' | 'hasJitter'>

const STORIES = {
  // All sign in within a minute.
  deploy: { start: (place) => place * MINUTE, until: DAY },
  outage: { start: (place) => place * MINUTE, outage: OUTAGE, until: DAY },
  // Two in five wake within 20 minutes, their tokens long expired; the others are at work already.
  morning: {
    start: (place) =>
      place < 0.4 ? MORNING[0] + (place / 0.4) * (MORNING[1] - MORNING[0]) : ((place - 0.4) / 0.6) * LONGEST,
    until: 8 * HOUR,
  },
} satisfies Record<string, Story>

type Loads = Readonly<Record<keyof typeof STORIES, Load>>

/** The highest of the minutes over the mean load of the whole fleet. */
function peak({ requests }: Load, clients: number, from: number, to: number): number {
  return Math.max(...requests.subarray(from / MINUTE, to / MINUTE)) / meanOf(clients)
}

/** Requests a minute, if all came as late as they may and evenly. */
const meanOf = (clients: number): number => (clients * MINUTE) / LONGEST

/** Minutes from the end of the outage until the load stays even; undefined if it does not within the day. */
function timeToNormal({ requests }: Load, clients: number): number | undefined {
  const last = requests.findLastIndex((load, minute) => minute * MINUTE >= OUTAGE[1] && load > EVEN * meanOf(clients))
  const minutes = last < 0 ? 0 : last + 1 - OUTAGE[1] / MINUTE
  return OUTAGE[1] + minutes * MINUTE < DAY - HOUR ? minutes : undefined
}

function figuresOf({ deploy, outage, morning }: Loads, clients: number): Readonly<Record<string, string>> {
  const normal = timeToNormal(outage, clients)
  const ideal = (clients * DAY) / LONGEST
  return {
    'deploy: peak over mean, two lifetimes later and on': digits(peak(deploy, clients, 2 * LIFETIME, DAY)),
    'outage: peak over mean while it lasts': digits(peak(outage, clients, OUTAGE[0], OUTAGE[1])),
    'outage: peak over mean in the ten minutes after it': digits(
      peak(outage, clients, OUTAGE[1], OUTAGE[1] + 10 * MINUTE),
    ),
    'outage: a second peak later on': digits(peak(outage, clients, OUTAGE[1] + 10 * MINUTE, DAY)),
    'outage: minutes from its end to normal': normal === undefined ? 'not that day' : String(normal),
    'morning: peak over mean while laptops wake': digits(peak(morning, clients, MORNING[0], MORNING[1] + LIFETIME)),
    'morning: peak over mean, a lifetime later and on': digits(peak(morning, clients, MORNING[1] + LIFETIME, 8 * HOUR)),
    'deploy: refreshes in a day, over the least possible': digits(deploy.granted / ideal, 3),
  }
}

function plot(title: string, loads: Readonly<Record<string, Load>>, clients: number, from: number, to: number): object {
  const terms: LineTerms = { title, x: 'minutes', y: 'load over its mean', isLog: true, width: 640 }
  const points: Point[] = Object.entries(loads).flatMap(([name, { requests }]) =>
    [...requests.subarray(from / MINUTE, to / MINUTE)].map((load, minute) => ({
      name,
      x: minute + from / MINUTE,
      y: load / meanOf(clients),
    })),
  )
  return lines(terms, points)
}

export async function run({ isQuick, progress }: Terms): Promise<Result> {
  const clients = isQuick ? 20_000 : 1_000_000
  const loadsOf = (hasJitter: boolean): Loads => {
    const play = (name: keyof typeof STORIES): Load => {
      progress(`${name}, ${hasJitter ? 'authfetch' : 'without jitter'}`)
      return simulate({ ...STORIES[name], clients, hasJitter })
    }
    return { deploy: play('deploy'), outage: play('outage'), morning: play('morning') }
  }
  const without = loadsOf(false)
  const ours = loadsOf(true)
  const figures = { 'without jitter': figuresOf(without, clients), authfetch: figuresOf(ours, clients) }
  const compared = (story: keyof typeof STORIES) => ({ 'without jitter': without[story], authfetch: ours[story] })
  const ideals = ['1.00', '–', '–', '1.00', '–', '–', '1.00', '1.000']
  return {
    tables: [
      {
        title: `The token endpoint’s load by ${clients.toLocaleString('en-US')} clients with 15-minute tokens`,
        columns: ['', 'without jitter', 'authfetch', 'ideal'],
        rows: Object.entries(figures.authfetch).map(([name, figure], row) => [
          name,
          figures['without jitter'][name] ?? '',
          figure,
          ideals[row] ?? '',
        ]),
        note: `Simulated with the functions that the library itself schedules by, minute by minute. All sign in within one minute after a deploy; a token endpoint is down for ten minutes; on a morning 40 % of the clients wake within 20 minutes. The mean is what there would be if every client refreshed as late as it may. Normal: no minute above ${EVEN} times the mean until the end of the day.`,
      },
    ],
    plots: {
      'fleet-deploy': plot('After a deploy', compared('deploy'), clients, 0, 3 * HOUR),
      'fleet-outage': plot(
        'Ten minutes without a token endpoint, from minute 360',
        compared('outage'),
        clients,
        OUTAGE[0] - 30 * MINUTE,
        OUTAGE[1] + HOUR,
      ),
      'fleet-morning': plot(
        'A morning: 40 % wake from minute 120 to 140',
        compared('morning'),
        clients,
        HOUR,
        5 * HOUR,
      ),
    },
    data: { clients, figures },
  }
}
