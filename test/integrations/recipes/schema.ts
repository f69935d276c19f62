// As openapi-typescript generates it.

export interface paths {
  readonly '/orders/{id}': {
    readonly put: {
      readonly parameters: { readonly path: { readonly id: number } }
      readonly requestBody: { readonly content: { readonly 'application/json': { readonly amount: number } } }
      readonly responses: {
        readonly 200: { readonly content: { readonly 'application/json': { readonly ok: boolean } } }
        readonly 401: { readonly content: { readonly 'application/json': { readonly error: string } } }
      }
    }
  }
}
