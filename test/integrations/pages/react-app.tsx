// The React application of the pages, on the server and in the browser.

import type { AuthClient, TokenResponse } from 'authfetch'
import { AuthGate, AuthProvider, useAuth, useAuthFetch, useClaims } from 'authfetch/react'
import { type ReactElement, StrictMode, useState } from 'react'

export interface AppProps {
  readonly client: AuthClient
  readonly logIn: () => Promise<TokenResponse>
}

export function App({ client, logIn }: AppProps): ReactElement {
  return (
    <StrictMode>
      <AuthProvider client={client}>
        <AuthGate unknown={<p>wait</p>} signedOut={<SignIn logIn={logIn} />}>
          <Account />
        </AuthGate>
      </AuthProvider>
    </StrictMode>
  )
}

function SignIn({ logIn }: Pick<AppProps, 'logIn'>): ReactElement {
  const { signIn } = useAuth()
  return (
    <button type="button" onClick={() => void signIn(logIn)}>
      log in
    </button>
  )
}

function Account(): ReactElement {
  const { signOut } = useAuth()
  const authFetch = useAuthFetch()
  const claims = useClaims()
  const [status, setStatus] = useState<number>()
  const call = (): Promise<void> => authFetch('/api/me').then((response) => setStatus(response.status))
  return (
    <main>
      <p>{claims?.sub}</p>
      <output>{status}</output>
      <button type="button" id="call" onClick={() => void call()}>
        call
      </button>
      <button type="button" id="sign-out" onClick={() => void signOut()}>
        log out
      </button>
    </main>
  )
}
