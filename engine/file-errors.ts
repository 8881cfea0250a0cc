/** What the system says of files and disks, and what a person does about it. */

const room = 'Free room on the disk, then try again: nothing was changed'
const permission = 'Let the user that runs this write there, or name another place'
const fixes: { readonly [code: string]: string } = {
  ENOSPC: room,
  EDQUOT: room,
  EROFS: permission,
  EACCES: permission,
  EPERM: permission
}

/** For an error of the file system, or one that it caused, that the disk or its permissions are behind; else `null`. */
export function diskFix (error: unknown): string | null {
  if (!(error instanceof Error)) return null
  const code = 'syscall' in error && 'code' in error ? String(error.code) : ''
  return fixes[code] ?? (error.cause === undefined ? null : diskFix(error.cause))
}
