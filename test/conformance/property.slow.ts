// A long draw of calls.

import { testRequests } from './property.ts'

testRequests(60)
