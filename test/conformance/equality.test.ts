// With a token that the server accepts, and with one that it refuses once.

import { testEquality } from './equality.ts'

testEquality(['signed in', 'refused'])
