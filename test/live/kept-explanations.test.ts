import { describe, expect, it } from 'vitest'
import { AnomalyMap } from '../../engine/frame/anomaly-map.ts'
import { KeptExplanations } from '../../engine/live/kept-explanations.ts'
import type { PartExplanations } from '../../engine/live/publication.ts'
import type { LiveExplanations } from '../../schemas/live.ts'

function explanations (line: string, eventId: string, map = new AnomalyMap(Float32Array.of(0, 0.5, 1, 0.25), 2, 2)): PartExplanations {
  return { line, eventId, methods: [{ method: 'sise', map, regions: [], insertion: 0.8, deletion: null, skipped: null, milliseconds: 5 }], without: [], evidence: { name: 'good.png', jpeg: Buffer.from([1, 2, 3]) } }
}

describe('explanations that are kept', () => {
  it('come back as the page reads them, the map in 256 steps', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1'))

    const { methods: [sise], evidence } = JSON.parse(kept.text('a', 'e1', 0)) as LiveExplanations

    expect(sise).toMatchObject({ method: 'sise', insertion: 0.8, deletion: null, map: { height: 2, width: 2, minimum: 0, maximum: 1 } })
    expect([...Buffer.from(sise!.map.cells, 'base64')]).toEqual([0, 128, 255, 64])
    expect(evidence).toEqual({ name: 'good.png', jpeg: 'AQID' })
    expect(JSON.parse(kept.text('a', 'e2', 0))).toEqual({ state: 'none', methods: [], without: [], evidence: null })
  })

  it('keep the map as the process has quantised it, which is the main thread\'s rest', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1', new AnomalyMap(new Float32Array(4), 2, 2, { height: 1, width: 2, minimum: 0, maximum: 1, cells: Uint8Array.of(7, 9) })))

    const { methods: [sise] } = JSON.parse(kept.text('a', 'e1', 0)) as LiveExplanations

    expect(sise!.map).toMatchObject({ height: 1, width: 2, cells: Buffer.of(7, 9).toString('base64') })
  })

  it('are awaited, then there, or missing after five minutes, or were never taken', () => {
    const kept = new KeptExplanations()
    const state = (event: string, now = 1000): string => (JSON.parse(kept.text('a', event, now)) as LiveExplanations).state
    for (const event of ['e1', 'e2']) kept.await('a', event, 'explaining', 0)
    kept.await('a', 'e3', 'queue-full', 0)
    kept.keep(explanations('a', 'e1'))

    expect(['e1', 'e2', 'e3', 'e4'].map((event) => state(event))).toEqual(['explained', 'explaining', 'queue-full', 'none'])
    expect(['e1', 'e2', 'e3'].map((event) => state(event, 300_001))).toEqual(['explained', 'missing', 'queue-full'])
    kept.forget('a')
    expect(state('e3')).toBe('none')
  })

  it('make room for newer ones', () => {
    const kept = new KeptExplanations(2 * 300)
    for (const event of ['e1', 'e2', 'e3', 'e4']) {
      kept.await('a', event, 'explaining', 0)
      kept.keep(explanations('a', event))
    }

    expect(kept.text('a', 'e1', 1)).toContain('made-room')
    expect(kept.text('a', 'e4', 0)).toContain('explained')
  })

  it('say that no method gave a map, and why', () => {
    const kept = new KeptExplanations()
    kept.await('a', 'e1', 'explaining', 0)
    kept.keep({ ...explanations('a', 'e1'), methods: [], without: [{ method: 'grad-cam', reason: 'found nothing' }] })

    expect(JSON.parse(kept.text('a', 'e1', 1_000_000))).toMatchObject({ state: 'without-map', methods: [], without: [{ method: 'grad-cam', reason: 'found nothing' }], evidence: { name: 'good.png' } })
  })

  it('go with their line, and with no other', () => {
    const kept = new KeptExplanations()
    kept.keep(explanations('a', 'e1'))
    kept.keep(explanations('ab', 'e1'))
    kept.forget('a')

    expect(kept.text('a', 'e1', 0)).toContain('none')
    expect(kept.text('ab', 'e1', 0)).toContain('explained')
  })
})
