import axios from 'axios'
import { auth } from './auth.ts'

export const api = axios.create({
  baseURL: 'https://api.example',
  adapter: 'fetch',
  env: { fetch: auth.authFetch },
})
