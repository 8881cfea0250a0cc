/** The hand-built detector and classifier as bundles, and pictures for it. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { writeBundle, type ModelBundle } from '../../engine/bundle/bundle.ts'
import { goldenTolerance, makeGoldenVectors } from '../../engine/bundle/golden.ts'
import { encodePng, type RawImage } from '../../engine/frame/image-codec.ts'
import { encodeModel } from '../../engine/graph/encode.ts'
import { modelRunner } from '../../engine/runtime/model-runner.ts'
import { openSession } from '../../engine/runtime/onnx-runtime.ts'
import type { BundleMetadata } from '../../schemas/bundle.ts'
import { classifierBundleGraph, detector, edge, flatPicture, spot, spottedPicture } from './hand-built-models.ts'

/** @param options Told of the bundle beside its size. */
export async function spotBundle (options: BundleMetadata['options'] = {}): Promise<ModelBundle> {
  return bundleOf(detector, { options })
}

export async function classifierBundle (): Promise<ModelBundle> {
  return bundleOf(encodeModel(classifierBundleGraph()), { classNames: ['good', 'spot', 'dark'] })
}

async function bundleOf (graph: Uint8Array, { options = {}, classNames = [] }: { options?: BundleMetadata['options'], classNames?: string[] }): Promise<ModelBundle> {
  const session = await openSession(graph)
  try {
    const input = { height: edge, width: edge, channels: 1 } as const
    return writeBundle(graph, {
      name: 'spots',
      family: 'hand-built',
      createdAt: '2026-01-01T00:00:00.000Z',
      options: { size: edge, ...options },
      input,
      map: { height: 31, width: 31 },
      calibration: { scores: Array.from({ length: 99 }, (_, i) => i / 99), heldOutBy: 'image' },
      classNames,
      training: { images: 1, groups: null, imageHashes: [], seed: 0, seconds: 0 },
      parent: null,
      golden: { vectors: await makeGoldenVectors(modelRunner(session), input), relativeTolerance: goldenTolerance },
      trials: [],
      versions: {}
    })
  } finally {
    await session.close()
  }
}

/** A folder in MVTec layout: `defects` spotted pictures with their masks, two good ones to learn from and one to test. */
export async function writeSpots (folder: string, defects: number): Promise<void> {
  const mask = flatPicture()
  mask.data.forEach((_, i) => {
    const [x, y] = [i % edge, Math.floor(i / edge)]
    mask.data[i] = x >= spot[0] && x < spot[2] && y >= spot[1] && y < spot[3] ? 255 : 0
  })
  await write(join(folder, 'train', 'good', '0.png'), flatPicture())
  await write(join(folder, 'train', 'good', '1.png'), flatPicture())
  await write(join(folder, 'test', 'good', '0.png'), flatPicture())
  for (let i = 0; i < defects; i++) {
    await write(join(folder, 'test', 'spot', `${i}.png`), spottedPicture())
    await write(join(folder, 'ground_truth', 'spot', `${i}_mask.png`), mask)
  }
}

export async function write (path: string, image: RawImage): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, await encodePng(image))
}
