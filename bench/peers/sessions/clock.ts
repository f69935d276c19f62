/** The clocks of two tabs compared, for those of two processes may differ by some milliseconds. */

/** Since the epoch (in milliseconds). */
export const now = (): number => performance.timeOrigin + performance.now()

export function answerPings(name: string): void {
  const channel = new BroadcastChannel(name)
  channel.onmessage = () => channel.postMessage(now())
}

/** How far ahead the clock of the tab that answers is (in milliseconds): the fastest of some pings tells best. */
export async function compareClock(name: string, pings: number): Promise<number> {
  const channel = new BroadcastChannel(name)
  let fastest = Number.POSITIVE_INFINITY
  let ahead = 0
  for (let nth = 0; nth < pings; nth++) {
    const sentAt = now()
    const theirs = await new Promise<number>((resolve) => {
      channel.onmessage = ({ data }) => resolve(data)
      channel.postMessage('ping')
    })
    const trip = now() - sentAt
    if (trip >= fastest) continue
    fastest = trip
    ahead = theirs - (sentAt + trip / 2)
  }
  channel.close()
  return ahead
}
