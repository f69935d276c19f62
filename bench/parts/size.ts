// What each library weighs: one bundler, one set of settings, and only what a project would import.

import { brotliCompressSync, gzipSync } from 'node:zlib'
import { bundleSource, versionOf } from '../bundle.ts'
import { bars } from '../charts.ts'
import type { Result } from '../report.ts'
import type { Terms } from '../run.ts'

interface Entry {
  readonly name: string
  readonly packages: readonly string[]
  /** What a project writes. */
  readonly source: string
}

const all = (name: string, ...symbols: string[]): Entry => ({
  name,
  packages: [name],
  source: `export { ${symbols.join(', ')} } from '${name}'`,
})

const ENTRIES: readonly Entry[] = [
  { name: 'authfetch', packages: [], source: "export { cookieRefresh, createAuthClient } from '../src/index.ts'" },
  {
    name: 'authfetch (OAuth)',
    packages: [],
    source: "export { createAuthClient, oauthRefresh } from '../src/index.ts'",
  },
  all('fetch-extras', 'pipeline', 'withHeaders', 'withTokenRefresh'),
  all('ofetch', 'ofetch'),
  all('wretch', 'default'),
  all('@badgateway/oauth2-client', 'OAuth2Client', 'OAuth2Fetch'),
  all('ky', 'default'),
  {
    name: 'axios + axios-auth-refresh',
    packages: ['axios', 'axios-auth-refresh'],
    source: "export { default } from 'axios'; export { createAuthRefresh } from 'axios-auth-refresh'",
  },
  all('keycloak-js', 'default'),
  all('oidc-client-ts', 'UserManager', 'WebStorageStateStore'),
  all('@axa-fr/oidc-client', 'OidcClient'),
  all('@supabase/auth-js', 'GoTrueClient'),
  all('@okta/okta-auth-js', 'OktaAuth'),
  all('@auth0/auth0-spa-js', 'createAuth0Client'),
  all('@azure/msal-browser', 'PublicClientApplication'),
]

export async function run({ progress }: Terms): Promise<Result> {
  const sizes = []
  for (const { name, packages, source } of ENTRIES) {
    progress(name)
    const code = Buffer.from(await bundleSource(source))
    sizes.push({
      name,
      version: packages.map(versionOf).join(' + ') || 'this one',
      minified: code.length,
      gzip: gzipSync(code, { level: 9 }).length,
      brotli: brotliCompressSync(code).length,
    })
  }
  sizes.sort((one, other) => one.gzip - other.gzip)
  const kB = (bytes: number): string => (bytes / 1000).toFixed(1)
  return {
    tables: [
      {
        title: 'Size of what a project imports (kB)',
        columns: ['', 'version', 'minified', 'gzip', 'brotli'],
        rows: sizes.map(({ name, version, minified, gzip, brotli }) => [
          name,
          version,
          kB(minified),
          kB(gzip),
          kB(brotli),
        ]),
        note: `All by esbuild ${versionOf('esbuild')}: \`bundle\`, \`minify\`, \`platform=browser\`, \`format=esm\`, \`target=es2022\`.`,
      },
    ],
    plots: {
      size: bars(
        'Size, minified and gzipped',
        'kB',
        sizes.map(({ name, gzip }) => ({ name, value: gzip / 1000 })),
      ),
    },
    data: sizes,
  }
}
