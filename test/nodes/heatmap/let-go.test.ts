/** What a line on the live page keeps of a heatmap node that is gone. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LineBoard } from '../../../engine/live/line-board.ts'
import { readHeatmapForm } from '../../../nodes/heatmap/settings.ts'
import { VerdictHeatmaps } from '../../../nodes/heatmap/verdict-heatmaps.ts'
import type { ModelNode } from '../../../nodes/model/goodparts-model.ts'
import { inspection } from '../../publish/fixtures.ts'

async function collectGarbage (): Promise<void> {
  setFlagsFromString('--expose-gc')
  // What a weak reference has been asked for stays until the turn has ended.
  await nextTurn()
  ;(runInNewContext('gc') as () => void)()
}

const form = { explainGood: false, explainReview: false, explainReject: false, opacity: '0.6', quality: '85', capacity: '1' }

/** The runtime for tests keeps every node it has made, so that a model node of its own would stay in any case. */
async function explainOne (board: LineBoard): Promise<{ model: WeakRef<object>, heatmaps: WeakRef<object>, close: () => Promise<void> }> {
  const model = { current: () => undefined, bundle: new Uint8Array(1024) }
  const heatmaps = new VerdictHeatmaps('heatmap/test', readHeatmapForm(form), model as unknown as ModelNode, { explained: () => { /* none is asked */ }, failed: () => { /* none does */ } })
  const { message } = await heatmaps.explain({ _msgid: '1', inspection: inspection(0) })
  board.explainer = message.explainer
  const closing = { heatmaps: heatmaps as VerdictHeatmaps | undefined }
  return {
    model: new WeakRef(model),
    heatmaps: new WeakRef(heatmaps),
    close: async () => {
      await closing.heatmaps?.close()
      closing.heatmaps = undefined
    }
  }
}

test('neither the node nor its model, although its explainer is that of the line', async () => {
  const board = new LineBoard('line-1', Date.now)
  const { model, heatmaps, close } = await explainOne(board)
  expect(board.explainer?.obstacle(inspection(0))).toBe('no-model')
  await collectGarbage()
  expect(model.deref()).toBeDefined()

  await close()
  await collectGarbage()
  expect(heatmaps.deref()).toBeUndefined()
  expect(model.deref()).toBeUndefined()
  expect(board.explainer?.obstacle(inspection(0))).toBe('set-up-anew')
  await expect(board.explainer?.explain({ record: inspection(0), picture: new Uint8Array(1) }, ['layer-cam'])).rejects.toMatchObject({ code: 'GOODPARTS_EXPLANATION_FAILED' })
})
