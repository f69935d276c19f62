// The order of the test files: those with browsers wait the most, so that they start first and the others run meanwhile.
// Then comes what computes long, so that the last file to run is a short one.

import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const LONG = [
  'test/browser/chromium',
  'test/conformance/equality',
  'test/integrations/devtools',
  'test/browser/',
  'test/types/',
  'test/package/',
  'test/conformance/',
  'test/simulation/',
  'test/docs/quick-starts',
  'test/integrations/',
]

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(this.ctx.config.root, moduleId)
      const place = LONG.findIndex((name) => path.startsWith(name))
      return place < 0 ? LONG.length : place
    }
    return sorted.sort((one, other) => rank(one) - rank(other))
  }
}
