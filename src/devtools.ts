/** `authfetch/devtools`: what happened to the session, for developers and their support. */

export type {
  LedgerStep,
  LostAnswer,
  Observation,
  OfAudience,
  OutcomeRule,
  PageStep,
  RefreshCause,
  RequestKind,
  Sight,
  TimerKind,
} from './devtools/observation.ts'
export {
  type DevtoolsOptions,
  type DevtoolsPlugin,
  defineDevtools,
  devtoolsPlugin,
  mountDevtools,
} from './devtools/panel/mount.ts'
export { createRecorder, type FlightRecord, type Recorder, type RecorderOptions } from './devtools/recorder.ts'
