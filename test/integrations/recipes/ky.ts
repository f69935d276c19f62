import { createKy } from 'authfetch/ky'
import { auth } from './auth.ts'

export const api = createKy(auth, { prefix: 'https://api.example' })
