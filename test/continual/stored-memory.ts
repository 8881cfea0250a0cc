/** A memory whose exemplars all say which one it is. */
import type { BufferState } from '../../engine/continual/buffers/replay-buffer.ts'
import type { PictureFiles } from '../../engine/continual/picture-files.ts'

export function memoryOf (label: string, count: number, pictures: PictureFiles, pictureBytes = 2000): BufferState {
  return {
    exemplars: Array.from({ length: count }, (_, index) => {
      const picture = Buffer.alloc(pictureBytes, `${label} ${index} `)
      return { id: pictures.add(picture), label, group: index % 3 === 0 ? null : `part ${index}`, features: Float32Array.of(index, index / 3, -1), bytes: picture.byteLength, priority: index / count, weight: 1, kept: true, score: index % 2 === 0 ? null : index / 7, reason: `the ${index}. of ${label}` }
    }),
    seen: { [label]: 10 * count }
  }
}
