import { auth } from './auth.ts'

export async function fetchOrders(): Promise<unknown> {
  return (await auth.authFetch('https://api.example/orders')).json()
}
