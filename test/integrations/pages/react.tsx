// A page that was rendered on a server, in React.

import { hydrateRoot } from 'react-dom/client'
import { auth, logIn } from './client.ts'
import { App } from './react-app.tsx'

const root = document.querySelector('#root')
if (root) hydrateRoot(root, <App client={auth} logIn={logIn} />)
