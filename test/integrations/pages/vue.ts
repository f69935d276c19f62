// A page that was rendered on a server, in Vue.

import { createAuth } from 'authfetch/vue'
import { createSSRApp } from 'vue'
import { auth, logIn } from './client.ts'
import { createPage } from './vue-app.ts'

createSSRApp(createPage(logIn)).use(createAuth(auth)).mount('#root')
