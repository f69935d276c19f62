// One entry for each rule that is left out; `from` occurs exactly once in its file.

export interface Sabotage {
  readonly name: string
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[]
}

const edit = (file: string, from: string, to: string): Sabotage['edits'][number] => ({ file, from, to })

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'no claim is written',
    edits: [edit('core/entry/claim.ts', 'return { entry: mine,', 'return { entry: { ...mine, attempt },')],
  },
  {
    name: 'the claim is written after the request was sent',
    edits: [
      edit('core/entry/claim.ts', 'return { entry: mine,', 'return { entry: { ...mine, attempt },'),
      edit(
        'core/protocol/refresher.ts',
        'const sending = transport.send(claimed, proof)',
        `const sending = transport.send(claimed, proof)
         await ledger.update((entry) => ({ ...(entry && { entry: { ...entry, attempt: claimed.attempt } }), result: undefined }))`,
      ),
    ],
  },
  {
    name: 'no look at the ledger inside the lock',
    edits: [edit('core/protocol/refresher.ts', 'const found = await look()', 'const found = await ledger.read()')],
  },
  {
    name: 'announced before the commit',
    edits: [
      edit(
        'core/protocol/apply-outcome.ts',
        'const result = await persist((entry) =>',
        `if (tokens) {
           const early = { epoch: claim.epoch, generation: claim.generation + 1, status: 'signed-in', refreshToken: 'x' } as const
           siblings.publish(early, session.hold({ ...tokens, lifetime: 60_000 }, receivedAt, false))
         }
         const result = await persist((entry) =>`,
      ),
    ],
  },
  {
    name: 'no epoch fence at the commit',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        "if (!isOfGrant(entry, claim)) return withdraw(entry, claim, 'superseded')",
        "if (!entry) return withdraw(entry, claim, 'superseded')",
      ),
    ],
  },
  {
    name: 'no generation check at the commit',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        "  if (entry.generation !== claim.generation) return withdraw(entry, claim, 'behind')\n",
        '',
      ),
    ],
  },
  {
    name: 'a commit while another attempt is fresh',
    edits: [
      edit('core/entry/outcome-transitions.ts', '!others.doubt && isFresh) return', '!others.doubt && false) return'),
    ],
  },
  {
    name: 'a fresh attempt is taken over',
    edits: [edit('core/entry/claim.ts', '&& terms.isFresh', '&& false')],
  },
  {
    name: 'a claim that has grown old is used',
    edits: [
      edit(
        'core/protocol/refresher.ts',
        'if (since(clock, startedAt) > SEND_WINDOW || !guards.held.has(owner) || isDone()) {',
        'if (since(clock, startedAt) < 0) {',
      ),
    ],
  },
  {
    name: 'the probe comes after the claim',
    edits: [
      edit(
        'core/protocol/refresher.ts',
        '      if (!(await transport.probe())) throw missed()\n      wireIsSuspect = false\n',
        '',
      ),
      edit(
        'core/protocol/refresher.ts',
        '    const sentAt = instantOf(clock)\n',
        '    if (wireIsSuspect && !(await transport.probe())) throw missed()\n    wireIsSuspect = false\n    const sentAt = instantOf(clock)\n',
      ),
    ],
  },
  {
    name: 'a claim that was never sent is left in the ledger',
    edits: [
      edit(
        'core/protocol/refresher.ts',
        "      await persist((entry) => postpone(entry, claimed, claimed.retry, { kind: 'refused' }, resendWithin))\n",
        '',
      ),
    ],
  },
  {
    name: 'a record that cannot be read is taken for none',
    edits: [edit('core/entry/entry.ts', '!entry.version ? entry : null', '!entry.version ? entry : undefined')],
  },
  {
    name: 'callers hear of a hiccup',
    edits: [edit('core/protocol/refresher.ts', '          .catch(waitOut)\n', '')],
  },
  {
    name: 'callers wait over a dead wire',
    edits: [edit('core/protocol/refresher.ts', ' && (await transport.probe())) {', ') {')],
  },
  {
    name: 'a hiccup is tried again for ever',
    edits: [
      edit('core/protocol/apply-outcome.ts', ' && (asked || pause) + failures * 1_500 <= BRIEF', ''),
      edit('core/protocol/refresher.ts', ' && rest <= BRIEF + 1_000', ''),
    ],
  },
  {
    name: 'a release clears another attempt',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        'if (!isMine(entry, claim)) return { result: undefined }\n  const { resend }',
        "if (!entry || (!isMine(entry, claim) && kind === 'doubt')) return { result: undefined }\n  const { resend }",
      ),
    ],
  },
  {
    name: 'a release forgets the doubt',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        "kind === 'refused' && !resend ? undefined",
        "kind === 'refused' ? undefined",
      ),
    ],
  },
  {
    name: 'the first refusal ends a session',
    edits: [edit('core/entry/outcome-transitions.ts', "refusal === 'no' && refusals === 2", "refusal === 'no'")],
  },
  {
    name: 'a page ends a session',
    edits: [edit('core/responses/outcome.ts', '(isPage ? status === 401 : NO', '(NO')],
  },
  {
    name: 'two refusals without a pause end a session',
    edits: [edit('core/entry/outcome-transitions.ts', 'at: isFirst ? now : retry.at', 'at: now')],
  },
  {
    name: 'a verdict by one that no longer owns the attempt',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        'if (!isMine(entry, claim)) return { result: undefined }\n  // It is no theft',
        'if (!entry) return { result: undefined }\n  // It is no theft',
      ),
    ],
  },
  {
    name: 'a verdict on a generation that is over',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        "!isNewest(entry, claim) || entry.status === 'signing-in'",
        "!isOfGrant(entry, claim) || entry.status === 'signing-in'",
      ),
      edit(
        'core/entry/outcome-transitions.ts',
        'if (!isMine(entry, claim)) return { result: undefined }\n  // It is no theft',
        'if (!entry) return { result: undefined }\n  // It is no theft',
      ),
    ],
  },
  {
    name: 'a message is believed without the ledger',
    edits: [
      edit('core/protocol/siblings.ts', 'isTrue && isNews ? message.tokens : undefined', 'message.tokens'),
      edit('core/protocol/siblings.ts', 'if (!entry || !isWanted(message)) return', 'if (!entry) return'),
    ],
  },
  {
    name: 'a result of an older mark is adopted',
    edits: [
      edit('core/protocol/view.ts', 'if (isNewer(view.mark, entry)) return undefined', ''),
      edit('core/protocol/siblings.ts', 'if (!isWanted(message)) return\n    // Read', '// Read'),
      edit('core/protocol/siblings.ts', 'if (!entry || !isWanted(message)) return', 'if (!entry) return'),
      edit(
        'core/protocol/siblings.ts',
        "session.adopt(entry, 'other-tab', tokens &&",
        "session.adopt({ ...entry, ...message }, 'other-tab', tokens &&",
      ),
      edit('core/protocol/siblings.ts', 'isTrue && isNews', 'true && isNews'),
    ],
  },
  {
    name: 'a token is sent again for ever',
    edits: [
      edit(
        'core/entry/claim.ts',
        'if (attempt && isKnown(entry) && Math.abs(now - attempt.firstSentAt) >= terms.resendWithin)',
        'if (attempt && now < 0)',
      ),
      edit('core/entry/outcome-transitions.ts', 'resendWithin === 0', 'resendWithin < 0'),
    ],
  },
  {
    name: 'a refresh token of the living grant is revoked',
    edits: [
      edit(
        'core/protocol/apply-outcome.ts',
        "if (result === 'superseded' && tokens?.refreshToken)",
        'if (tokens?.refreshToken)',
      ),
    ],
  },
  {
    name: 'the end of a session leaves the epoch as it is',
    edits: [
      edit(
        'core/entry/entry.ts',
        'epoch: nextEpoch(previous.epoch, now), generation: 0',
        'epoch: previous.epoch, generation: 0',
      ),
    ],
  },
  {
    name: 'a wiped ledger starts the epochs again',
    edits: [edit('core/entry/entry.ts', 'Math.max(previous + 1, now)', 'previous + 1')],
  },
  {
    name: 'a sign-in does not wait for a refresh under way',
    edits: [edit('core/protocol/sign-in-out.ts', 'if (!(await settled(epoch, true)))', 'if (epoch < 0)')],
  },
  {
    name: 'a sign-in does not wait for a sign-out under way',
    edits: [edit('core/protocol/sign-in-out.ts', '        ...leaving.map((owner) => ({ owner })),\n', '')],
  },
  {
    name: 'a sign-in waits for the newest sign-out only',
    edits: [edit('core/entry/session-transitions.ts', '[...(found?.leaving ?? []), id]', '[id]')],
  },
  {
    name: 'a login is confirmed although another came since',
    edits: [
      edit(
        'core/entry/session-transitions.ts',
        'if (found?.epoch !== epoch) return { result: undefined }\n  // Past',
        '// Past',
      ),
    ],
  },
  {
    name: 'a 401 refreshes although the session has moved on',
    edits: [edit('core/protocol/access.ts', 'if (hasMovedOn() && session.isReady(0)) return current()\n', '')],
  },
  {
    name: "a caller's abort cancels the shared refresh",
    edits: [
      edit(
        'refresh/transport.ts',
        'const cancel = clock.after(timeout, () => {',
        `Object.assign(globalThis, { abortRefresh: () => controller.abort(new Error('aborted')) })
         const cancel = clock.after(timeout, () => {`,
      ),
      edit(
        'abort.ts',
        'const abort = (): void => reject(signal.reason)',
        'const abort = (): void => { reject(signal.reason); (globalThis as any).abortRefresh?.() }',
      ),
    ],
  },
  {
    name: 'the lock is waited for without end',
    edits: [edit('core/protocol/refresher.ts', 'await siblings.changed(LOCK_WAIT)', 'await granted')],
  },
  {
    name: 'a commit that fails loses the answer',
    edits: [
      edit('core/protocol/context.ts', 'if (pause > LONGEST_PAUSE ||', 'if (pause > 0 ||'),
      edit(
        'core/protocol/refresher.ts',
        "unsettled.answer = answer.outcome.kind === 'granted' ? answer : undefined",
        'unsettled.answer = undefined',
      ),
    ],
  },
  {
    name: 'a ledger that was set back is believed',
    edits: [
      edit(
        'core/entry/claim.ts',
        'if (!isLost && !isOpen(found, known))',
        'if (found && (isLost || !isOpen(found, known)))',
      ),
    ],
  },
  {
    name: 'a login runs although a sign-out has overtaken it',
    edits: [
      edit(
        'core/protocol/sign-in-out.ts',
        'if (!(await settled(epoch, true)))',
        'if (!(await settled(epoch, true)) && epoch < 0)',
      ),
    ],
  },
  {
    name: 'a tab sleeps between its look at the ledger and its login',
    edits: [edit('core/protocol/sign-in-out.ts', '      if (since(clock, startedAt) > SEND_WINDOW) continue\n', '')],
  },
  {
    name: 'a commit forgets that a resend may have spent the cookie in the jar',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        'attempt: claim.refreshToken ? undefined : others,',
        'attempt: undefined,',
      ),
    ],
  },
  {
    name: 'the end of a session in doubt forgets the attempt, for which a login must wait',
    edits: [
      edit(
        'core/entry/claim.ts',
        '{ ...tombstone(entry, reason, now), attempt: entry.attempt }',
        'tombstone(entry, reason, now)',
      ),
    ],
  },
  {
    name: 'an older token of the same grant is taken after a failed login over a ledger that was set back',
    edits: [edit('core/protocol/view.ts', ' && (isLater || newest.generation >= view.heldMark.generation)', '')],
  },
  {
    name: 'a ledger that was wiped counts its generations anew',
    edits: [edit('core/entry/claim.ts', 'known.generation && known.generation + 1', '0')],
  },
  {
    name: 'the tokens of a sign-in are as new as the moment in which it is told',
    edits: [edit('core/protocol/sign-in-out.ts', 'tokens.receivedAt, true)', 'instantOf(clock), true)')],
  },
  {
    name: 'a failed login gives the session another grant',
    edits: [
      edit(
        'core/entry/session-transitions.ts',
        'living({ ...found, epoch: epoch + 1 })',
        'living({ ...found, epoch: epoch + 1, grant: undefined })',
      ),
    ],
  },
  {
    name: 'a login forgets the grant that it may go back to',
    edits: [
      edit(
        'core/entry/session-transitions.ts',
        'grantOf(found) : undefined',
        'epochAfter(found, known, now) : undefined',
      ),
    ],
  },
  {
    name: 'a login goes on with a count that an answer to the session before it does not fit',
    edits: [
      edit('core/entry/session-transitions.ts', 'generation: 0,\n    ...found,', '...found,\n    generation: 0,'),
    ],
  },
  {
    name: 'a timer has a fraction of a millisecond',
    edits: [edit('core/protocol/refresh-timer.ts', 'Math.ceil(delay)', 'delay')],
  },
  {
    name: 'an ask tells nothing of a newer session',
    edits: [edit('core/protocol/siblings.ts', "type === 'ask' && !isNewer(message, session.mark)", "type === 'ask'")],
  },
  {
    name: 'a guard is not held',
    edits: [
      edit('core/protocol/guards.ts', 'held.set(owner, release)\n', 'held.set(owner, release)\n      release?.()\n'),
    ],
  },
  {
    name: 'the session of another library is taken over although there is one',
    edits: [edit('core/entry/session-transitions.ts', 'return found || known.epoch', 'return known.epoch')],
  },
  {
    name: 'looking for a session and taking one over are two transactions',
    edits: [
      edit(
        'core/protocol/former-session.ts',
        'const entry = await persist((found) =>',
        'const seen = await persist((found) => ({ result: found }))\n    const entry = await persist(() =>',
      ),
      edit('core/protocol/former-session.ts', 'adoptFormer(found,', 'adoptFormer(seen,'),
    ],
  },
  {
    name: 'the session of another library is forgotten before the commit',
    edits: [edit('core/protocol/former-session.ts', 'if (!tokens) return\n', 'if (!tokens) return\n    forget()\n')],
  },
  {
    name: 'the session of another library is forgotten only by the tab that took it over',
    edits: [
      edit(
        'core/entry/session-transitions.ts',
        'known.epoch >= 0 ? { result: found }',
        'known.epoch >= 0 ? { result: undefined }',
      ),
    ],
  },
  {
    name: 'a guard that was refused counts as held',
    edits: [edit('core/protocol/guards.ts', 'release ? guarded : id', 'guarded')],
  },
  {
    name: 'a page that was hidden between guard and claim sends all the same',
    edits: [edit('core/protocol/refresher.ts', ' > SEND_WINDOW || !guards.held.has(owner)', ' > SEND_WINDOW')],
  },
  {
    name: 'an answer on its way to a page that is gone is not waited for',
    edits: [edit('core/protocol/refresher.ts', 'transport.outlivesPage ? graceOf(usualWait) : 0', '0')],
  },
  {
    name: 'an answer that takes longer than usual is not marked',
    edits: [edit('core/entry/outcome-transitions.ts', 'overdue: true', 'overdue: false')],
  },
  {
    name: 'an owner that was silent for a moment is taken for gone',
    edits: [edit('core/protocol/lease.ts', '>= SILENCE', '>= 600')],
  },
  {
    name: 'an owner that lives does not say so',
    edits: [edit('core/protocol/siblings.ts', "else if (guards.held.has(owner)) post('news', undefined, owner)", '')],
  },
  {
    name: 'a login waits no longer than usual for a refresh whose page is gone',
    edits: [edit('core/protocol/sign-in-out.ts', ' || (waitsForSignOut && !transport.holdsRefreshToken)', '')],
  },
  {
    name: 'a login does not wait for a sign-out whose page is gone',
    edits: [edit('core/protocol/sign-in-out.ts', 'transport.outlivesPage ? graceOf() : 0', '0')],
  },
  {
    name: 'a service worker that waits for the answer is not waited for',
    edits: [
      edit('core/entry/entry.ts', 'attempt.keeper ? [attempt, { owner: attempt.keeper }] : [attempt]', '[attempt]'),
    ],
  },
  {
    name: 'a service worker does not hold its guard',
    edits: [
      edit(
        'core/protocol/answer-keeper.ts',
        'const keeper = await guards.begin(0)\n',
        'const keeper = await guards.begin(0)\n      guards.held.get(keeper)?.()\n',
      ),
    ],
  },
  {
    name: 'a service worker does not write the answer of a page that is gone',
    edits: [
      edit(
        'core/protocol/answer-keeper.ts',
        'const entry = await settle(claim, outcome, wait)\n',
        'const entry = release ? undefined : await settle(claim, outcome, wait)\n',
      ),
    ],
  },
  {
    name: 'a service worker writes before the page, which does not know its own answer',
    edits: [
      edit('core/protocol/answer-keeper.ts', '        await ended\n', ''),
      edit('core/entry/outcome-transitions.ts', 'refreshToken === entry?.refreshToken', '!entry'),
    ],
  },
  {
    name: 'a service worker takes a resend for the first request',
    edits: [edit('core/protocol/answer-keeper.ts', ' && !attempt.resend', '')],
  },
  {
    name: 'a service worker takes any request for that of the newest refresh token',
    edits: [edit('core/protocol/answer-keeper.ts', ' || !isSent(refreshToken)', '')],
  },
  {
    name: 'a service worker takes a refusal for the end of the claim',
    edits: [edit('core/protocol/answer-keeper.ts', 'outcome.rotated?.refreshToken\n', "outcome.kind === 'refused'\n")],
  },
  {
    name: 'a service worker believes a page that calls its request lost as it leaves',
    edits: [edit('core/protocol/answer-keeper.ts', 'await remark(claim as Claim)\n', 'void remark\n')],
  },
  {
    name: 'a living page takes its own answer for a late one',
    edits: [edit('core/entry/outcome-transitions.ts', 'refreshToken === entry?.refreshToken', '!entry')],
  },
  {
    name: 'a ledger that is wiped ends the session for the calls that wait',
    edits: [edit('core/entry/claim.ts', '{ ...known, epoch: nextEpoch(', '{ status: known.status, epoch: nextEpoch(')],
  },
  {
    name: 'a refused proof is made anew under the same claim',
    edits: [
      edit(
        'core/protocol/refresher.ts',
        'const outcome = await sending\n',
        `let outcome = await sending
         if (outcome.again)
           outcome = await transport.send(claimed, await transport.binding?.prepare({ ...claimed, bound: outcome.bound }, outcome.again))
        `,
      ),
    ],
  },
  {
    name: 'the claim of a refused proof stays in doubt',
    edits: [
      edit(
        'core/protocol/apply-outcome.ts',
        'again ? claim.retry : retry, outcome,',
        "again ? claim.retry : retry, again ? { ...outcome, kind: 'doubt' } : outcome,",
      ),
    ],
  },
  {
    name: 'a proof is used again',
    edits: [
      edit('core/protocol/refresher.ts', "let owner = ''", "let owner = ''\n  let proof: any"),
      edit(
        'core/protocol/refresher.ts',
        'const proof = await transport.binding?.prepare(found, refusals)',
        'proof ??= await transport.binding?.prepare(found, refusals)',
      ),
    ],
  },
  {
    name: 'a proof is made after the claim',
    edits: [
      edit(
        'core/protocol/refresher.ts',
        'const sending = transport.send(claimed, proof)',
        `if (proof) await new Promise<void>((resolve) => clock.after(30, resolve))
         const sending = transport.send(claimed, proof)`,
      ),
    ],
  },
  {
    name: 'a verdict on a proof ends the session',
    edits: [
      edit(
        'dpop/binding.ts',
        "if (error === 'invalid_dpop_proof' || isUnclear) {",
        "if (error === 'invalid_dpop_proof') return { kind: 'rejected', reason: 'rejected' }\n    if (isUnclear) {",
      ),
    ],
  },
  {
    name: 'the refusal of a request that was sent twice is believed',
    edits: [edit('dpop/binding.ts', 'used.rotates === false && ', 'false && ')],
  },
  {
    name: 'a refresh token that rotates is sent again after its refusal',
    edits: [edit('dpop/binding.ts', 'used.rotates === false && ', '')],
  },
  {
    name: 'the key is written after the refresh token',
    edits: [
      edit(
        'core/entry/session-transitions.ts',
        'return write(living({ ...tokens, epoch: epochAfter(found, known, now), generation: 0 }))',
        'return write(living({ ...tokens, bound: undefined, epoch: epochAfter(found, known, now), generation: 0 }))',
      ),
      edit(
        'core/protocol/sign-in-out.ts',
        'mine.grant = grantOf(entry)',
        `mine.grant = grantOf(entry)
         publishSession(entry, tokens)
         await persist((found) => ({ ...(found && { entry: { ...found, bound: tokens.bound } }), result: undefined }))`,
      ),
    ],
  },
  {
    name: 'the key of an older session signs',
    edits: [edit('core/protocol/refresher.ts', ' || entry?.epoch !== found?.epoch', '')],
  },
  {
    name: 'tokens that come again begin another session',
    edits: [
      edit('core/protocol/sign-in-out.ts', 'const isKnown = refreshToken &&', 'const isKnown = !refreshToken &&'),
    ],
  },
  {
    name: 'a refresh for another audience runs beside the first',
    edits: [edit('core/entry/claim.ts', '&& terms.isFresh', '&& terms.isFresh && attempt.audience === terms.audience')],
  },
  {
    name: 'a resend asks for another audience',
    edits: [
      edit(
        'core/entry/claim.ts',
        'const { id, audience } = attempt && !attempt.denied ? attempt : { id: owner, audience: terms.audience }',
        'const { id } = attempt && !attempt.denied ? attempt : { id: owner }\n  const { audience } = terms',
      ),
    ],
  },
  {
    name: 'what was denied is asked for again under its key',
    edits: [edit('core/entry/claim.ts', 'attempt && !attempt.denied ?', 'attempt ?')],
  },
  {
    name: 'the key of a request does not name its audience',
    edits: [edit('audiences/answers.ts', '(parameters ?', "(parameters && audience === '' ?")],
  },
  {
    name: 'a token of an audience is adopted by the generation of the entry',
    edits: [
      edit(
        'audiences/token-messages.ts',
        'entry.obtained?.[audience] === generation',
        'entry.generation === generation',
      ),
    ],
  },
  {
    name: 'a token of an audience is adopted without the ledger',
    edits: [
      edit('audiences/token-messages.ts', 'entry.obtained?.[audience] === generation && entry.epoch === epoch', 'true'),
    ],
  },
  {
    name: 'a token of another audience is adopted',
    edits: [
      edit('audiences/token-messages.ts', ' || message.audience !== audience', ''),
      edit(
        'audiences/token-messages.ts',
        'entry.obtained?.[audience] === generation',
        'Object.values(entry.obtained ?? {}).includes(generation)',
      ),
    ],
  },
  {
    name: "the answer to another tab's request is taken for one's own",
    edits: [edit('core/protocol/apply-outcome.ts', 'context.of(claim.attempt.audience)', 'session')],
  },
  {
    name: 'a commit forgets the tokens of other audiences',
    edits: [
      edit(
        'core/entry/outcome-transitions.ts',
        "{ '': entry.generation, ...entry.obtained, [",
        "{ '': entry.generation, [",
      ),
    ],
  },
  {
    name: 'a newer token of another audience makes the one in use old',
    edits: [edit('core/protocol/session.ts', 'isNewer(newest, heldMark)', 'isNewer(session.mark, heldMark)')],
  },
  {
    name: 'the token in use comes again and counts as another',
    edits: [edit('core/protocol/siblings.ts', 'isTrue && isNews ?', 'isTrue ?')],
  },
  {
    name: 'a refresh token that a denial leaves in doubt is released',
    edits: [
      edit(
        'audiences/connect.ts',
        "mayBeSpent(denied) ? 'doubt' : 'refused'",
        "mayBeSpent(denied) ? 'refused' : 'refused'",
      ),
    ],
  },
  {
    name: 'a denial is a pause for everybody',
    edits: [
      edit(
        'audiences/connect.ts',
        'postpone(entry, claim, undefined, outcome',
        'postpone(entry, claim, { at: clock.now() + 5_000, setAt: clock.now(), failures: 1 }, outcome',
      ),
    ],
  },
  {
    name: 'a denial is heard by the session that has begun meanwhile',
    edits: [edit('core/protocol/refresher.ts', 'else if (session.grant === seen) throw cause', 'else throw cause')],
  },
  {
    name: 'an audience that was denied is asked for again',
    edits: [
      edit('audiences/face.ts', 'const failure = denial.failure()', 'const failure = denial.failure() && undefined'),
      edit('audiences/face.ts', 'if (before && !session.isReady(0)) throw before', 'void before'),
    ],
  },
  {
    name: 'a denial ends the session',
    edits: [
      edit('audiences/answers.ts', "if (code === 'invalid_grant') return", "if (code === 'invalid_grants') return"),
    ],
  },
  {
    name: 'a token that is not for its audience is taken',
    edits: [
      edit(
        'audiences/face.ts',
        'expect === undefined || aud === undefined',
        'expect !== undefined || aud === undefined',
      ),
    ],
  },
  {
    name: 'a token that nobody uses is renewed',
    edits: [
      edit(
        'audiences/renewal.ts',
        'isUsed = false\n    cancelRenewal()',
        'isUsed = session.held !== undefined\n    arm()',
      ),
    ],
  },
  {
    name: "a service worker takes another audience's token for the session's own",
    edits: [
      edit(
        'core/protocol/answer-keeper.ts',
        "status === 'signed-in' && isOwn",
        "status === 'signed-in' && (isOwn || true)",
      ),
    ],
  },
  {
    name: 'a service worker takes a denial for a verdict',
    edits: [edit('audiences/answers.ts', 'if (await denialOf(await answer)) throw', 'if (!(await answer)) throw')],
  },
  {
    name: 'a service worker takes back the denial that its page has heard',
    edits: [edit('core/protocol/answer-keeper.ts', ' || entry.attempt.denied', '')],
  },
]
