// The oldest TypeScript takes long; `npm run test:slow` has the rest of it.

import { SETTINGS, testDeclarations } from './declarations.ts'

testDeclarations('5.4', ['bundler'])
testDeclarations('newest', SETTINGS)
