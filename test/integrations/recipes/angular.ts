import { HttpErrorResponse, type HttpInterceptorFn } from '@angular/common/http'
import { catchError, from, switchMap, throwError } from 'rxjs'
import { auth } from './auth.ts'

/** For `provideHttpClient(withInterceptors([authInterceptor]))`. */
export const authInterceptor: HttpInterceptorFn = (request, next) => {
  if (!request.url.startsWith('https://api.example/')) return next(request)
  const send = (token: string | undefined) =>
    next(token ? request.clone({ setHeaders: { Authorization: `Bearer ${token}` } }) : request)
  return from(auth.getAccessToken()).pipe(
    switchMap((token) =>
      send(token).pipe(
        catchError((error: unknown) => {
          if (!token || !(error instanceof HttpErrorResponse) || error.status !== 401) return throwError(() => error)
          return from(auth.getAccessToken({ refused: token })).pipe(
            switchMap((fresh) => (fresh && fresh !== token ? send(fresh) : throwError(() => error))),
          )
        }),
      ),
    ),
  )
}
