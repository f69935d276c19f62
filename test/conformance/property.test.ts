// A short draw of calls; `npm run test:slow` has the long one.

import { testRequests } from './property.ts'

testRequests(15)
