/** This tab among the lanes of its client: it tells the other tabs what its recorder sees, and how it is. */

import type { AuthClient } from '../../auth-client.ts'
import { type Controls, createControls } from '../controls.ts'
import { createLanes, type Lanes } from '../lanes/lanes.ts'
import { holderOf } from '../lanes/lock-holder.ts'
import { createRecorder, type Recorder } from '../recorder.ts'

/** One for each client, however many panels show it. */
export interface WatchedTab {
  readonly recorder: Recorder
  readonly controls: Controls
  readonly lanes: Lanes
  /** The tab that holds the lock, in words; calls back when the browser tells otherwise. */
  lockHolder(onChange: () => void): string
  leave(): void
}

interface Shared {
  readonly tab: WatchedTab
  users: number
}

const tabs = new WeakMap<AuthClient, Shared>()

function watch(auth: AuthClient): WatchedTab {
  const recorder = createRecorder(auth)
  const controls = createControls(auth, recorder)
  if (!controls) throw new TypeError('"auth" must be a client that has not been disposed of')
  const lanes = createLanes({ channel: `authfetch-devtools:${controls.name}` })

  function describe(): void {
    const state = auth.getState()
    const isSignedIn = state.status === 'signed-in'
    lanes.update({
      status: state.status === 'signed-out' ? `signed out: ${state.reason}` : state.status.replace('-', ' '),
      expiresAt: isSignedIn ? state.expiresAt : undefined,
      refreshAt: isSignedIn ? controls?.refreshAt : undefined,
      generation: controls?.generation,
    })
  }

  lanes.recall(recorder.entries())
  lanes.emit({ kind: 'page', step: 'opened' })
  const undo = [
    recorder.subscribe((seen) => {
      lanes.emit(seen)
      describe()
    }),
    auth.subscribe(describe),
  ]
  let heldBy: string | undefined
  let isLooking = false
  /** Of tabs that no panel watches, only the browser tells. */
  function look(onChange: () => void): void {
    if (isLooking || !controls) return
    isLooking = true
    void holderOf(controls.name).then((holder) => {
      isLooking = false
      if (holder === heldBy) return
      heldBy = holder
      onChange()
    })
  }

  describe()
  void lanes.join()

  return {
    recorder,
    controls,
    lanes,
    lockHolder(onChange) {
      look(onChange)
      const open = lanes.open()
      const seen = open.find(({ id, isSilent }) => {
        // A tab that has crashed does not say that its lock was given back.
        if (isSilent) return false
        const locks = lanes.historyOf(id).flatMap((seen) => (seen.kind === 'lock' ? [seen.step] : []))
        return locks.lastIndexOf('held') > Math.max(locks.lastIndexOf('released'), -1)
      })
      const holder = seen ?? open.find(({ clientId }) => clientId !== undefined && clientId === heldBy)
      if (!holder) return heldBy === undefined ? 'nobody' : 'a tab or worker without a panel'
      return holder.id === lanes.self.id ? 'this tab' : `tab ${holder.number || '…'}`
    },
    leave() {
      for (const step of undo) step()
      lanes.leave()
    },
  }
}

/** Joins the lanes; the function that is returned with them leaves when the last panel is gone. */
export function joinTab(auth: AuthClient): readonly [tab: WatchedTab, leave: () => void] {
  const shared = tabs.get(auth) ?? { tab: watch(auth), users: 0 }
  tabs.set(auth, shared)
  shared.users++
  let isGone = false
  return [
    shared.tab,
    () => {
      if (isGone) return
      isGone = true
      if (--shared.users > 0) return
      tabs.delete(auth)
      shared.tab.leave()
    },
  ]
}
