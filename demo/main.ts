// The demo page: it puts the parts together.

import { PICTURE_STYLE } from '../src/devtools/picture/style.ts'
import { addStyle } from '../src/devtools/style.ts'
import { createApis } from './page/apis.ts'
import { find, reachScrollers, setText } from './page/dom.ts'
import { createExercises } from './page/exercises/list.ts'
import { createLog } from './page/log.ts'
import { createOffice } from './page/office.ts'
import { createPanel } from './page/panel.ts'
import { createDock } from './page/picture/dock.ts'
import { createPicture } from './page/picture/picture.ts'
import { createSmallTabs } from './page/small-tabs.ts'
import { openTab } from './page/tab.ts'
import { createTheme } from './page/theme.ts'
import { createTour } from './page/tour.ts'
import source from './textbook/textbook.ts?raw'

createTheme(find<HTMLSelectElement>('theme'))
reachScrollers()
addStyle(document, PICTURE_STYLE)
const tab = openTab({ isSmall: false })

/** Shown, and read aloud by a screen reader. */
const say = (text: string): void => setText(find('said'), text)

createPanel(tab, say)
createApis(tab, say)
createPicture(tab.lanes)
createOffice(tab, say)
createLog(tab.lanes, say)
createSmallTabs(tab.lanes)
setText(find('textbook-source'), source)
await tab.lanes.join()
setText(find('tab-number'), `Tab ${tab.lanes.self.number}`)
document.title = `Tab ${tab.lanes.self.number}: authfetch, one session, watched`
createExercises(tab, { announce: (text) => setText(find('announced'), text), watch: createDock() })
createTour(
  {
    isSignedIn: () => tab.account.client.getState().status === 'signed-in',
    subscribe: tab.account.subscribe,
    signIn: () => tab.account.signIn('alice'),
  },
  say,
)
document.body.dataset.ready = 'true'
