export const Spinner = () => <p>…</p>

export const Login = () => <a href="/login">log in</a>
