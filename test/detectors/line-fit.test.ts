import { expect, it } from 'vitest'
import { LineFit } from '../../engine/detectors/line-fit.ts'

it('says that it cannot collect into a folder which nobody can make', async () => {
  const fit = new LineFit({ hop: 'fit/nowhere', folder: '/proc/goodparts/training', count: 2, request: { family: 'patch-memory', options: {}, seed: 0, output: '/proc/goodparts/bundle.onnx' } })
  try {
    await expect(fit.start()).rejects.toMatchObject({ code: 'ENOENT' })
  } finally {
    await fit.close()
  }
})
