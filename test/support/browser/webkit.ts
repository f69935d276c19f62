// WebKitGTK's MiniBrowser under Xvfb: a WebDriver server per profile (each serves one session), a window per tab.

import { type AddressInfo, createServer } from 'node:net'
import type { Readable } from 'node:stream'
import { type Browser, capabilities, type LaunchOptions, type Profile } from './driver.ts'
import { findWebKit, type WebKitExecutables } from './executables.ts'
import { createDirectory, startProcess } from './owned.ts'
import { openSession, type WebDriverSession } from './webdriver.ts'
import { renderersOf } from './webkit-renderers.ts'
import { createWebKitTab, type WebKitTab } from './webkit-tab.ts'

export async function launchWebKit(options: LaunchOptions = {}): Promise<Browser> {
  const executables = findWebKit()
  if (!executables) throw new Error('WebKitGTK, its driver or Xvfb is not installed')
  const display = await startDisplay(executables.display)
  const profiles = new Set<WebKitProfile>()
  const start = async (): Promise<WebKitProfile> => {
    const profile = await startProfile(executables, display.name, options)
    profiles.add(profile)
    return profile
  }
  const close = async (): Promise<void> => {
    await Promise.all([...profiles].map((profile) => profile.close()))
    await display.stop()
  }
  try {
    const first = await start()
    let next: WebKitProfile | undefined = first
    return {
      engine: 'webkit',
      version: first.version,
      can: { ...capabilities('freeze', 'bfcache', 'private'), hidden: options.lifecycle ?? false },
      async newProfile() {
        const spare = next
        next = undefined
        return spare ?? (await start())
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function startDisplay(command: string): Promise<{ name: string; stop(): Promise<void> }> {
  const args = ['-displayfd', '3', '-screen', '0', '1280x800x24', '-nolisten', 'tcp']
  const { child, stop } = startProcess(command, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] })
  const number = await new Promise<string>((resolve, reject) => {
    ;(child.stdio[3] as Readable).once('data', (chunk) => resolve(String(chunk).trim()))
    child.once('exit', () => reject(new Error('Xvfb ended instead of starting')))
  })
  return { name: `:${number}`, stop }
}

interface WebKitProfile extends Profile {
  readonly version: string
}

async function startProfile(
  { driver, browser }: WebKitExecutables,
  display: string,
  options: LaunchOptions,
): Promise<WebKitProfile> {
  const directory = createDirectory('webkit')
  const port = await freePort()
  const env = {
    ...process.env,
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    NO_AT_BRIDGE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
    WEBKIT_DISABLE_DMABUF_RENDERER: '1',
    XDG_CACHE_HOME: `${directory.path}/cache`,
    XDG_CONFIG_HOME: `${directory.path}/config`,
    XDG_DATA_HOME: `${directory.path}/data`,
  }
  const { child, stop } = startProcess(driver, [`--port=${port}`, '--host=127.0.0.1'], { env })
  const close = async (): Promise<void> => {
    await stop()
    directory.remove()
  }
  try {
    const session = await openSession(
      `http://127.0.0.1:${port}`,
      { 'webkitgtk:browserOptions': { binary: browser, args: ['--automation'] } },
      () => child.exitCode === null,
    )
    return { ...createProfile(session, child.pid as number, Boolean(options.lifecycle)), close }
  } catch (error) {
    await close()
    throw error
  }
}

function createProfile(session: WebDriverSession, driverPid: number, canHide: boolean) {
  const tabs = new Set<WebKitTab>()
  const renderers = new Set<number>()
  let opening: Promise<unknown> = Promise.resolve()

  // One at a time: the renderer that is new after a window was opened is that window's.
  const openOne = async (url: string): Promise<WebKitTab> => {
    const handle = await session.newWindow()
    await session.command(handle, 'POST', '/url', { url })
    const renderer = renderersOf(driverPid).find((pid) => !renderers.has(pid))
    if (renderer) renderers.add(renderer)
    const tab = createWebKitTab(session, handle, renderer, {
      onGone: () => tabs.delete(tab),
      hideOthers: async () => {
        if (canHide) for (const other of tabs) if (other !== tab) await other.hide()
      },
    })
    tabs.add(tab)
    if (canHide) await tab.bringToFront()
    return tab
  }

  return {
    version: session.version,
    open(url: string) {
      const opened = opening.then(() => openOne(url))
      opening = opened.catch(() => {})
      return opened
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
