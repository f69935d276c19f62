import { cookieRefresh, createAuthClient } from 'authfetch'
import { createAuth } from 'authfetch/vue'
import { createApp } from 'vue'
import App from './App.vue'

const auth = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })

createApp(App).use(createAuth(auth)).mount('#app')
