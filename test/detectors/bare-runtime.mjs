/** What anybody's program does with a bundle: ONNX Runtime alone, nothing of this project. Prints score and map as JSON. */
import { readFileSync } from 'node:fs'
import { InferenceSession, Tensor } from 'onnxruntime-node'

const [bundle, pixels, dims, provider] = process.argv.slice(2)
const session = await InferenceSession.create(bundle, { executionProviders: [provider], logSeverityLevel: 3 })
const { score, map } = await session.run({ image: new Tensor('uint8', readFileSync(pixels), JSON.parse(dims)) })
const [, height, width] = map.dims
process.stdout.write(JSON.stringify({ score: [...score.data], map: [...map.data], height, width }))
