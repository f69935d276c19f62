import { AuthGate, AuthProvider, useAuth, useAuthFetch, useClaims } from 'authfetch/react'
import { useState } from 'react'
import { auth } from './auth.ts'
import { Login, Spinner } from './parts.tsx'

export const App = () => (
  <AuthProvider client={auth}>
    <AuthGate unknown={<Spinner />} signedOut={<Login />}>
      <Account />
    </AuthGate>
  </AuthProvider>
)

function Account() {
  const { signOut } = useAuth()
  const authFetch = useAuthFetch()
  const claims = useClaims<{ name: string }>()
  const [orders, setOrders] = useState('')
  return (
    <main>
      <button onClick={async () => setOrders(await (await authFetch('/api/orders')).text())} type="button">
        show orders
      </button>
      <pre>{orders}</pre>
      <button onClick={() => signOut().catch(console.warn)} type="button">
        log {claims?.name} out
      </button>
    </main>
  )
}
