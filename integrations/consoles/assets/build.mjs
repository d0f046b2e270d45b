// Bundles scripts and styles into OUTDIR with content hashes in their names, and writes OUTDIR/manifest.json.
// Run it where node_modules is: `node …/build.mjs OUTDIR`. Nothing is fetched at run time. The accessibility checker
// lands in OUTDIR/checks, for tests; it is not served.
import { createRequire } from 'node:module'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const esbuild = createRequire(join(process.cwd(), 'package.json'))('esbuild')
const here = dirname(fileURLToPath(import.meta.url))
const outdir = resolve(process.argv[2] ?? 'dist')
const entries = ['chat.js', 'chat.css', 'citizen.js', 'citizen.css', 'console.js', 'console.css', 'report.js', 'widget/widget.js', 'widget/widget.css']
const target = ['chrome86', 'firefox90', 'safari15']

// `import css from './x.css?text'`: the minified style sheet as a string.
const styles = {
  name: 'styles as text',
  setup(build) {
    build.onResolve({ filter: /\.css\?text$/ }, ({ path, resolveDir }) => ({ path: join(resolveDir, path.slice(0, -5)), namespace: 'styles' }))
    build.onLoad({ filter: /.*/, namespace: 'styles' }, async ({ path }) => {
      const { outputFiles } = await esbuild.build({ entryPoints: [path], bundle: true, minify: true, charset: 'utf8', target, write: false })
      return { contents: outputFiles[0].text.trim(), loader: 'text' }
    })
  },
}

mkdirSync(outdir, { recursive: true })
const { metafile } = await esbuild.build({
  absWorkingDir: here,
  entryPoints: entries,
  outdir,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'iife',
  charset: 'utf8',
  target,
  plugins: [styles],
  nodePaths: [join(process.cwd(), 'node_modules')],
  metafile: true,
  logLevel: 'warning',
})

const manifest = {}
for (const [path, made] of Object.entries(metafile.outputs)) {
  if (made.entryPoint) manifest[basename(made.entryPoint)] = relative(outdir, resolve(here, path))
}
writeFileSync(join(outdir, 'manifest.json'), JSON.stringify(manifest, null, 2) + '\n')
mkdirSync(join(outdir, 'checks'), { recursive: true })
copyFileSync(join(process.cwd(), 'node_modules', 'axe-core', 'axe.min.js'), join(outdir, 'checks', 'axe.min.js'))
