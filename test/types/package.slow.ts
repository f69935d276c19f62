// The settings that the oldest TypeScript is not shown with in `npm test`.

import { SETTINGS, testDeclarations } from './declarations.ts'

testDeclarations(
  '5.4',
  SETTINGS.filter((setting) => setting !== 'bundler'),
)
