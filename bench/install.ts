// Installs the packages of the peers, in bench/node_modules.

import { fileURLToPath } from 'node:url'
import { installPackages } from '../test/support/npm.ts'

export const installPeers = (): void => installPackages(fileURLToPath(new URL('.', import.meta.url)))

if (process.argv[1] === fileURLToPath(import.meta.url)) installPeers()
