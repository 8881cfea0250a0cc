/** Writes `schemas/<name>.schema.json` from the types in `schemas/*.ts`. */
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGenerator, getProgramFromFiles, type Definition, type JsonSchemaGenerator } from 'typescript-json-schema'

const folder = join(import.meta.dirname, '..', 'schemas')

/** What leaves a process: name of the file in `schemas/` → its root type and version. */
const roots: Record<string, { type: string, version: number }> = {
  bundle: { type: 'BundleMetadata', version: 1 },
  'capture-event': { type: 'CaptureEvent', version: 1 },
  comparison: { type: 'ComparisonReport', version: 1 },
  continual: { type: 'ContinualReport', version: 1 },
  'continual-updates': { type: 'ContinualUpdatesReport', version: 1 },
  evaluation: { type: 'EvaluationReport', version: 1 },
  frame: { type: 'FrameHeader', version: 1 },
  inspection: { type: 'InspectionRecord', version: 1 },
  learning: { type: 'LearningSheet', version: 1 },
  live: { type: 'LiveMessage', version: 1 },
  pipeline: { type: 'PipelineDefinition', version: 1 }
}

/** File name → text of every schema, in order of name. */
export function generateSchemas (): Map<string, string> {
  const names = Object.keys(roots).sort()
  const generator = openGenerator(names.map((name) => join(folder, `${name}.ts`)))
  return new Map(names.map((name) => [`${name}.schema.json`, schemaText(generator, name)]))
}

function openGenerator (files: string[]): JsonSchemaGenerator {
  const missing = files.find((file) => !existsSync(file))
  if (missing !== undefined) throw new Error(`Expected ${missing} to exist`)
  const program = getProgramFromFiles(files, {
    target: 'ES2023', module: 'ESNext', moduleResolution: 'Bundler', strict: true, exactOptionalPropertyTypes: true, noEmit: true, allowImportingTsExtensions: true, types: []
  })
  const generator = buildGenerator(program, { required: true, noExtraProps: true, ref: true, topRef: false, strictNullChecks: true })
  if (generator === null) throw new Error('Expected schemas/*.ts to compile; npm run typecheck shows the errors')
  return generator
}

function schemaText (generator: JsonSchemaGenerator, name: string): string {
  const { type, version } = roots[name] as { type: string, version: number }
  const { $schema, ...definition } = generator.getSchemaForSymbol(type)
  const schema: Definition = { $schema: $schema ?? 'http://json-schema.org/draft-07/schema#', $id: `urn:goodparts:schema:${name}:${version}`, title: type, ...definition }
  return `${JSON.stringify(schema, null, 2)}\n`
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const [file, text] of generateSchemas()) {
    writeFileSync(join(folder, file), text)
    process.stdout.write(`schemas/${file}\n`)
  }
}
