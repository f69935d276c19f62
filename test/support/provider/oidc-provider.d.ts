/** The part of oidc-provider (which ships no types) that the fixture uses. */
declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  export interface KoaContext {
    readonly method: string
    readonly path: string
    readonly req: IncomingMessage
    readonly res: ServerResponse
    readonly oidc?: { readonly params?: Readonly<Record<string, unknown>> }
    body: unknown
    /** `false`: Koa leaves the answer alone. */
    respond: boolean
    status: number
    get(header: string): string
    set(header: string, value: string): void
  }

  export interface Token {
    readonly jti: string
    readonly grantId: string
    readonly accountId: string
    readonly expiration: number
    resourceServer?: object
    save(): Promise<string>
  }

  export class Grant {
    constructor(properties: { accountId: string; clientId: string })
    addOIDCScope(scope: string): void
    addResourceScope(resource: string, scope: string): void
    save(): Promise<string>
  }

  type TokenClass = new (properties: Readonly<Record<string, unknown>>) => Token

  export default class Provider {
    constructor(issuer: string, configuration: object)
    silent: boolean
    readonly Client: { find(clientId: string): Promise<object | undefined> }
    readonly Grant: typeof Grant
    readonly RefreshToken: TokenClass
    readonly AccessToken: TokenClass
    readonly ResourceServer: new (
      identifier: string,
      data: object,
    ) => object
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    use(middleware: (context: KoaContext, next: () => Promise<void>) => Promise<void>): this
    on(event: string, listener: (...details: never[]) => void): this
  }
}
