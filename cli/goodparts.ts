#!/usr/bin/env node
/** The `goodparts` command. */
import { failureText } from './failure.ts'
import { makeProgram } from './program.ts'

try {
  await (await makeProgram()).parseAsync()
} catch (error) {
  const text = failureText(error)
  if (text === null) throw error
  process.stderr.write(text)
  process.exitCode = 1
}
