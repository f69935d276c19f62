// The driver interface: what a multi-tab test may ask of any engine. An adapter per engine implements it.

export const ENGINES = ['chromium', 'firefox', 'webkit'] as const
export type Engine = (typeof ENGINES)[number]

/**
 * What an engine's driver can show: `offline` (network off, `navigator.onLine` false), `hidden` (a tab in the
 * background is hidden to itself), `freeze` (by the page lifecycle; in WebKit its process is suspended), `crash` (the
 * renderer dies; elsewhere `crash` closes the tab), `bfcache` (back and forward restore the page), `private` (a private
 * window), `blocked` (a profile whose user blocks cookies and storage), `screenshot`, `load-errors` (`errors` sees what a page reports while it loads).
 */
export const CAPABILITIES = [
  'offline',
  'hidden',
  'freeze',
  'crash',
  'bfcache',
  'private',
  'blocked',
  'screenshot',
  'load-errors',
] as const
export type Capability = (typeof CAPABILITIES)[number]

export interface LaunchOptions {
  /** Tabs really hide and freeze: one tab of a profile is visible, the others are not. @default false, all visible */
  readonly lifecycle?: boolean
  /** Profiles are private windows. @default false */
  readonly private?: boolean
  /** The user of each profile blocks cookies and storage. @default false */
  readonly blocked?: boolean
  /** Takes a certificate that nobody vouches for; in Chromium. @default false */
  readonly anyCertificate?: boolean
}

export interface Browser {
  readonly engine: Engine
  readonly version: string
  readonly can: Readonly<Record<Capability, boolean>>
  /** Opens a profile of its own: no storage, lock or channel in common with another. */
  newProfile(): Promise<Profile>
  close(): Promise<void>
}

/** Tabs of one profile share storage, locks and channels. */
export interface Profile {
  open(url: string): Promise<Tab>
  close(): Promise<void>
}

/** Sent to the page as source text: it must not refer to anything outside itself. */
// biome-ignore lint/suspicious/noExplicitAny: parameters are contravariant; `never` would refuse every caller.
export type PageFunction<T> = (...args: any[]) => T

export interface Tab {
  /** Uncaught errors, unhandled rejections and `console.error`, in order. */
  readonly errors: readonly string[]
  /** Runs a function, or the text of a script, in the page; awaits its result. Arguments and result go as JSON. */
  evaluate<T = unknown>(script: string): Promise<T>
  evaluate<T>(page: PageFunction<T>, ...args: unknown[]): Promise<Awaited<T>>
  /** Resolves once the predicate is truthy, across navigations too; throws, naming it, after 150 seconds without. */
  waitFor(predicate: string | PageFunction<unknown>, ...args: unknown[]): Promise<void>
  goto(url: string): Promise<void>
  reload(): Promise<void>
  /** Goes one step back in the history, through the back/forward cache where the page is in it. */
  back(): Promise<void>
  close(): Promise<void>
  crash(): Promise<void>
  /** Makes this tab the visible one; with `hidden`, the others of its profile become hidden. */
  bringToFront(): Promise<void>
  freeze(): Promise<void>
  thaw(): Promise<void>
  /** Takes the whole profile off the network, as a machine goes, or back. */
  offline(isOffline: boolean): Promise<void>
  screenshot(path: string): Promise<void>
}

/** What an adapter supplies for one tab; `createTab` adds the rest. An absent function is a missing capability. */
export interface TabAdapter {
  readonly errors: string[]
  /** Evaluates an expression that is a promise of a string; rejects when the page goes away meanwhile. */
  run(expression: string): Promise<string>
  goto(url: string): Promise<void>
  reload(): Promise<void>
  back?(): Promise<void>
  close(): Promise<void>
  bringToFront(): Promise<void>
  crash?(): Promise<void>
  freeze?(isFrozen: boolean): Promise<void>
  offline?(isOffline: boolean): Promise<void>
  screenshot?(path: string): Promise<void>
}

export function capabilities(...has: Capability[]): Record<Capability, boolean> {
  return Object.fromEntries(CAPABILITIES.map((name) => [name, has.includes(name)])) as Record<Capability, boolean>
}
