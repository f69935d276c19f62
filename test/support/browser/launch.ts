// The one way in: `launch('firefox')`.

import { launchChromium } from './chromium.ts'
import type { Browser, Engine, LaunchOptions } from './driver.ts'
import { launchFirefox } from './firefox.ts'
import { launchWebKit } from './webkit.ts'

const LAUNCHERS: Readonly<Record<Engine, (options?: LaunchOptions) => Promise<Browser>>> = {
  chromium: launchChromium,
  firefox: launchFirefox,
  webkit: launchWebKit,
}

/** Starts a browser; rejects when it is not installed or cannot do what the options ask. */
export function launch(engine: Engine, options?: LaunchOptions): Promise<Browser> {
  return LAUNCHERS[engine](options)
}
