// The scenarios that mostly wait for a lease or a lifetime, side by side.

import { playInChromium } from './chromium.ts'

playInChromium(({ isSlow = false }) => isSlow, { concurrent: true })
