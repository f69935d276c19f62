// The drivers of the engines that may be installed.

import { testDriver } from './drivers.ts'

testDriver('firefox')
testDriver('webkit')
