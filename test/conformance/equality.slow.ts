// While nobody is signed in, and with a token that has expired.

import { testEquality } from './equality.ts'

testEquality(['signed out', 'waiting'])
