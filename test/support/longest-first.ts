// The order of the test files: those with browsers wait the most, so that they start first and the others run meanwhile.

import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const BROWSERS = ['test/browser/', 'test/conformance/']

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(this.ctx.config.root, moduleId)
      const folder = BROWSERS.findIndex((name) => path.startsWith(name))
      return folder < 0 ? BROWSERS.length : folder
    }
    return sorted.sort((one, other) => rank(one) - rank(other))
  }
}
