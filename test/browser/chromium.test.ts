// The scenarios that keep the machine busy, one after another.

import { playInChromium } from './chromium.ts'

playInChromium(({ isSlow = false }) => !isSlow, { concurrent: false })
