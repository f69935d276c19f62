"""SimpleJWT and django-oauth-toolkit, with rotation, in one process: `serve.py '{"directory": …, "lifetime": …}'`.

Prints its port. Beside the packages' own endpoints, `/-/…` is for the tests: what an administrator does by hand.
"""

import json
import sys
import time
from datetime import timedelta

import django
from django.conf import settings

TERMS = json.loads(sys.argv[1])

settings.configure(
    SECRET_KEY="of-a-test",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": TERMS["directory"] + "/db.sqlite3"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "rest_framework",
        "rest_framework_simplejwt.token_blacklist",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    SIMPLE_JWT={
        "ACCESS_TOKEN_LIFETIME": timedelta(seconds=TERMS["lifetime"]),
        "ROTATE_REFRESH_TOKENS": True,
        "BLACKLIST_AFTER_ROTATION": True,
    },
    OAUTH2_PROVIDER={
        "ACCESS_TOKEN_EXPIRE_SECONDS": TERMS["lifetime"],
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": TERMS["grace"],
        "PKCE_REQUIRED": True,
        "SCOPES": {"read": "read"},
    },
    LOGGING_CONFIG=None,
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import JsonResponse  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.contrib.rest_framework import OAuth2Authentication  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402
from rest_framework.permissions import IsAuthenticated  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_simplejwt.authentication import JWTAuthentication  # noqa: E402
from rest_framework_simplejwt.exceptions import InvalidToken  # noqa: E402
from rest_framework_simplejwt.serializers import TokenRefreshSerializer  # noqa: E402
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken  # noqa: E402
from rest_framework_simplejwt.views import TokenBlacklistView, TokenObtainPairView, TokenRefreshView  # noqa: E402

REDIRECT = "http://127.0.0.1:9999/callback"
# By user: access tokens that expire up to then (in seconds since the epoch) are refused. SimpleJWT copies `iat` from the
# refresh token, so that it does not tell when an access token was issued.
refused_until = {}


class ListedRefreshSerializer(TokenRefreshSerializer):
    """Lists rotated tokens too, so that an administrator can end the session, as later versions of SimpleJWT do."""

    def validate(self, attrs):
        data = super().validate(attrs)
        refresh = self.token_class(data["refresh"], verify=False)
        OutstandingToken.objects.create(
            user_id=refresh["user_id"],
            jti=refresh["jti"],
            token=data["refresh"],
            expires_at=timezone.now() + refresh.lifetime,
        )
        return data


class JwtWithRecall(JWTAuthentication):
    def get_validated_token(self, raw_token):
        token = super().get_validated_token(raw_token)
        if token["exp"] <= refused_until.get(token["user_id"], 0):
            raise InvalidToken("recalled")
        return token


class Me(APIView):
    permission_classes = [IsAuthenticated]

    def get(self, request):
        return Response({"user": request.user.username})


class JwtMe(Me):
    authentication_classes = [JwtWithRecall]


class OAuthMe(Me):
    authentication_classes = [OAuth2Authentication]


def find_user(request):
    return User.objects.get(username=request.GET["user"])


def create_user(request):
    if not User.objects.filter(username=request.GET["user"]).exists():
        User.objects.create_user(username=request.GET["user"], password="demo")
    return JsonResponse({})


def authorize(request):
    """What a login page and the consent come to: an authorization code."""
    client = Client()
    client.force_login(find_user(request))
    answer = client.get(
        "/oauth/authorize/",
        {
            "response_type": "code",
            "client_id": "spa",
            "redirect_uri": REDIRECT,
            "code_challenge": request.GET["challenge"],
            "code_challenge_method": "S256",
        },
    )
    return JsonResponse({"location": answer["Location"]})


def listed(user):
    return OutstandingToken.objects.filter(user=user).exclude(blacklistedtoken__isnull=False)


def sessions(request):
    user = find_user(request)
    living = RefreshToken.objects.filter(user=user, revoked__isnull=True).count()
    return JsonResponse({"sessions": living + listed(user).count()})


def end_sessions(request):
    user = find_user(request)
    for token in listed(user):
        BlacklistedToken.objects.create(token=token)
    for token in RefreshToken.objects.filter(user=user, revoked__isnull=True):
        token.revoke()
    return recall(request)


def recall(request):
    user = find_user(request)
    # Not deleted: django-oauth-toolkit 1.7 answers the refresh of a session without its access token with 500.
    AccessToken.objects.filter(user=user).update(expires=timezone.now())
    now = int(time.time())
    refused_until[user.id] = now + TERMS["lifetime"]
    # `exp` counts whole seconds: the next token shall be of another one.
    time.sleep(now + 1 - time.time())
    return JsonResponse({})


urlpatterns = [
    path("api/token/", TokenObtainPairView.as_view()),
    path("api/token/refresh/", TokenRefreshView.as_view(serializer_class=ListedRefreshSerializer)),
    path("api/token/blacklist/", TokenBlacklistView.as_view()),
    path("api/me/", JwtMe.as_view()),
    path("oauth/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("oauth-api/me/", OAuthMe.as_view()),
    path("-/create-user", create_user),
    path("-/authorize", authorize),
    path("-/sessions", sessions),
    path("-/end-sessions", end_sessions),
    path("-/recall", recall),
]


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        pass


call_command("migrate", verbosity=0)
Application.objects.create(
    client_id="spa",
    client_type="public",
    authorization_grant_type="authorization-code",
    redirect_uris=REDIRECT,
    skip_authorization=True,
)
server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
server.set_app(get_wsgi_application())
print(server.server_port, flush=True)
server.serve_forever()
